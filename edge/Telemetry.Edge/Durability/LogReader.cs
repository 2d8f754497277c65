using Microsoft.Extensions.Logging;
using Telemetry.Edge.Diagnostics;

namespace Telemetry.Edge.Durability;

/// <summary>What is done with a record that was read.</summary>
internal delegate void TakeRecord(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

/// <summary>What is done with messages that were deleted: those whose topic name begins so.</summary>
internal delegate void DropUnder(ReadOnlySpan<byte> prefix);

/// <summary>Hands records on. One that cannot be read is told and passed over: it is there still, for a version that can.</summary>
internal sealed class LogReader(TakeRecord take, ILogger logger, DropUnder? drop = null) : IBrokerLogReader
{
    /// <inheritdoc/>
    public void Read(int partition, long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        try
        {
            take(partition, offset, key, value);
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            logger.RecordUnreadable(partition, offset, error.Message);
        }
    }

    /// <inheritdoc/>
    public void Delete(int partition, long offset, ReadOnlySpan<byte> prefix) => drop?.Invoke(prefix);
}
