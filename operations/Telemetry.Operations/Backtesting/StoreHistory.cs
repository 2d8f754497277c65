using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Processing.Backtesting;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Operations.Backtesting;

/// <summary>
/// History from the store: two years back, in the order of event times. Stored readings are without copies, so their ids are
/// counted anew; what came late comes in time here.
/// </summary>
public static class StoreHistory
{
    // device and sensor are LowCardinality(String): a length (LEB128) and its bytes; then Int64, Float64, UInt8.
    private const int FixedBytes = sizeof(long) + sizeof(double) + sizeof(byte);
    private const ulong Boot = 1;

    /// <summary>Rows sorted at a time: some 200 MB in the engine at worst; a device with more of them is sorted alone, on disk.</summary>
    private const long RowsMax = 4_000_000;

    private const string Bounds =
        "SETTINGS max_result_rows = 0, max_execution_time = 0, max_bytes_before_external_group_by = 200000000, max_bytes_before_external_sort = 200000000";

    /// <summary>
    /// Feeds the span, some devices at a time: each row is read once, and neither the engine's sort nor what the detectors remember grows with
    /// the fleet or the span. May run for hours.
    /// </summary>
    /// <param name="clickHouse">The store.</param>
    /// <param name="span">Which history.</param>
    /// <param name="backtest">Takes it.</param>
    /// <param name="progress">Told as readings come; null for nobody.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task FeedAsync(
        IClickHouse clickHouse, HistorySpan span, Backtest backtest, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new WorkProgress("Counting readings", 0, 0, ""));
        var devices = await CountAsync(clickHouse, span, cancellationToken);
        var (done, total, partition) = (0L, devices.Sum(d => d.Rows), 0);
        for (var i = 0; i < devices.Count; partition++)
        {
            var (chunk, rows) = (new List<string>(), 0L);
            while (i < devices.Count && (chunk.Count == 0 || rows + devices[i].Rows <= RowsMax))
            {
                rows += devices[i].Rows;
                chunk.Add(devices[i++].Device);
            }

            await FeedChunkAsync(clickHouse, span, chunk, new Rows(backtest, partition), cancellationToken);
            backtest.EndPartition(partition);
            done += rows;
            progress?.Report(new WorkProgress("Running the detectors", done, total, "readings"));
        }
    }

    private static async Task<List<(string Device, long Rows)>> CountAsync(
        IClickHouse clickHouse, HistorySpan span, CancellationToken cancellationToken)
    {
        var (where, values) = Where(span);
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT device, count() FROM readings_data WHERE {where} GROUP BY device ORDER BY device {Bounds}", values, cancellationToken, QueryKind.Batch);
        return [.. rows.Select(row => (row[0], long.Parse(row[1], CultureInfo.InvariantCulture)))];
    }

    private static async Task FeedChunkAsync(
        IClickHouse clickHouse, HistorySpan span, List<string> devices, Rows rows, CancellationToken cancellationToken)
    {
        var (where, values) = Where(span);
        values.Add(new("devices", "[" + string.Join(',', devices.Select(d => $"'{d}'")) + "]"));
        var query = new ClickHouseQuery(
            "SELECT device, sensor, toInt64(toUnixTimestamp64Micro(event_time)), value, quality FROM readings_data "
            + $"WHERE {where} AND device IN {{devices:Array(String)}} ORDER BY event_time, device, sensor {Bounds}",
            values,
            "RowBinary",
            Kind: QueryKind.Batch);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20));
        var reading = ReadAsync(clickHouse, query, pipe.Writer, cancellationToken);
        await FeedAsync(pipe.Reader, rows, cancellationToken);
        await reading;
    }

    private static (string Where, List<KeyValuePair<string, string>> Values) Where(HistorySpan span)
    {
        var values = new List<KeyValuePair<string, string>>
        {
            new("from", UnixMicros.From(span.Start).ToString(CultureInfo.InvariantCulture)),
            new("to", UnixMicros.From(span.To).ToString(CultureInfo.InvariantCulture)),
        };
        var where = "event_time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND event_time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')";
        foreach (var (name, value) in new[] { ("device", span.Device), ("sensor", span.Sensor) })
        {
            if (value is not null)
            {
                where += $" AND {name} = {{{name}:String}}";
                values.Add(new(name, value));
            }
        }

        return (where, values);
    }

    private static async Task ReadAsync(
        IClickHouse clickHouse, ClickHouseQuery query, PipeWriter writer, CancellationToken cancellationToken)
    {
        Exception? error = null;
        try
        {
            await clickHouse.StreamAsync(query, writer.AsStream(leaveOpen: true), cancellationToken);
        }
        catch (Exception e)
        {
            error = e;
            throw;
        }
        finally
        {
            await writer.CompleteAsync(error);
        }
    }

    private static async Task FeedAsync(PipeReader reader, Rows rows, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var rest = result.Buffer;
            while (rows.TryTake(ref rest))
            {
                continue;
            }

            reader.AdvanceTo(rest.Start, rest.End);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Makes a record of each row.</summary>
    private sealed class Rows(Backtest backtest, int partition)
    {
        private readonly Dictionary<string, ulong> _sequences = [];
        private readonly ArrayBufferWriter<byte> _value = new(256);
        private readonly byte[] _device = new byte[ReadingLimits.NameBytesMax];
        private readonly byte[] _sensor = new byte[ReadingLimits.NameBytesMax];
        private long _offset;

        public bool TryTake(ref ReadOnlySequence<byte> rest)
        {
            var reader = new SequenceReader<byte>(rest);
            Span<byte> fixedPart = stackalloc byte[FixedBytes];
            if (!TryReadName(ref reader, _device, out var deviceLength)
                || !TryReadName(ref reader, _sensor, out var sensorLength)
                || !reader.TryCopyTo(fixedPart))
            {
                return false;
            }

            reader.Advance(FixedBytes);
            rest = rest.Slice(reader.Position);
            Take(
                _device.AsMemory(0, deviceLength),
                _sensor.AsMemory(0, sensorLength),
                BinaryPrimitives.ReadInt64LittleEndian(fixedPart),
                BinaryPrimitives.ReadDoubleLittleEndian(fixedPart[sizeof(long)..]),
                (Quality)fixedPart[^1]);
            return true;
        }

        private static bool TryReadName(ref SequenceReader<byte> reader, byte[] name, out int length)
        {
            // Names have at most 64 bytes, so their length is one byte.
            length = 0;
            if (!reader.TryRead(out var count))
            {
                return false;
            }

            if (count > name.Length)
            {
                throw new InvalidDataException($"The store holds a name of {count} bytes or more; at most {name.Length} are legal.");
            }

            if (!reader.TryCopyTo(name.AsSpan(0, count)))
            {
                return false;
            }

            reader.Advance(count);
            length = count;
            return true;
        }

        private void Take(ReadOnlyMemory<byte> device, ReadOnlyMemory<byte> sensor, long timeUs, double value, Quality quality)
        {
            var key = Encoding.ASCII.GetString(device.Span);
            var sequence = _sequences.GetValueOrDefault(key) + 1;
            _sequences[key] = sequence;
            _value.ResetWrittenCount();
            ConfluentFrame.WriteHeader(_value.GetSpan(ConfluentFrame.HeaderBytes), SchemaIds.ReadingBatch);
            _value.Advance(ConfluentFrame.HeaderBytes);
            ReadingBatchWriter.Write(_value, device.Span, Boot, sequence, [sensor], [], [timeUs], [value], [quality]);
            backtest.Take(new LogRecord(
                LogTopics.Readings, partition, _offset++, timeUs / 1000, device, _value.WrittenMemory, RecordHeaders.Empty));
        }
    }
}
