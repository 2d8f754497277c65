using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Sink;

/// <summary>Says whether the engine's disk has room; looks at it now and then.</summary>
internal sealed class DiskWatch(IClickHouse clickHouse, string topic, SinkOptions options, TimeProvider time, ILogger logger)
{
    private long _looked;

    /// <summary>True: less free than the floor, until a tenth above it.</summary>
    public bool IsLow { get; private set; }

    public async ValueTask LookAsync(CancellationToken cancellationToken)
    {
        if (options.FreeDiskBytesMin == 0 || (_looked != 0 && time.GetElapsedTime(_looked) < options.FreeDiskInterval))
        {
            return;
        }

        var rows = await clickHouse.QueryRowsAsync(
            "SELECT min(least(free_space, unreserved_space)) FROM system.disks WHERE free_space > 0 OR total_space > 0", null, cancellationToken);
        _looked = time.GetTimestamp();
        var free = (long)Math.Min(long.MaxValue, ulong.Parse(rows[0][0], CultureInfo.InvariantCulture));
        if (!IsLow && free < options.FreeDiskBytesMin)
        {
            IsLow = true;
            Log.DiskLow(logger, topic, free, options.FreeDiskBytesMin);
        }
        else if (IsLow && free >= options.FreeDiskBytesMin + (options.FreeDiskBytesMin / 10))
        {
            IsLow = false;
            Log.DiskRecovered(logger, topic, free);
        }
    }
}
