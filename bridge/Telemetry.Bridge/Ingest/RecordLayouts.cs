using Telemetry.Bridge.Readings;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>In which layouts readings go into the log, with the schema id in front of each. Replaced whole when a registry gives other ids.</summary>
internal sealed class RecordLayouts(BridgeOptions options)
{
    private readonly byte[] _v1 = ConfluentFrame.Header(options.ReadingBatchSchemaId);
    private readonly byte[] _v2 = ConfluentFrame.Header(options.ReadingBatchV2SchemaId);

    /// <summary>True: a batch of a device may go on byte for byte, as devices send version 1.</summary>
    public bool TakesAsItCame => options.WriteVersions == WriteVersions.V1;

    public ReadOnlySpan<byte> HeaderV1 => _v1;

    /// <summary>All readings of the columns, in each layout to be written.</summary>
    public void AddRecords(List<PublishRecord> records, IngestWorkspace workspace, RecordHeaders? headers, DateTimeOffset now)
    {
        var key = workspace.Columns.Device.ToArray();
        if (options.WriteVersions.HasFlag(WriteVersions.V1))
        {
            workspace.EncodeAll(ReadingBatchVersion.V1, message => Add(_v1, message));
        }

        if (options.WriteVersions.HasFlag(WriteVersions.V2))
        {
            workspace.EncodeAll(ReadingBatchVersion.V2, message => Add(_v2, message));
        }

        void Add(byte[] header, ReadOnlySpan<byte> message) =>
            records.Add(new(LogTopics.Readings, key, [.. header, .. message], headers, now.ToUnixTimeMilliseconds()));
    }
}
