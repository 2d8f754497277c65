using Microsoft.Extensions.Logging;
using Telemetry.Bridge.Json;

namespace Telemetry.Bridge.Ingest;

/// <summary>Tells, at most once a minute, that publishes go to topics which look like those of readings and are not.</summary>
internal sealed class LookAlikes(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long _count;
    private long? _toldAt;

    public void Note(ReadOnlySpan<byte> topicName, string hint)
    {
        long count;
        lock (_gate)
        {
            _count++;
            if (_toldAt is { } at && time.GetElapsedTime(at) < Pause)
            {
                return;
            }

            _toldAt = time.GetTimestamp();
            count = _count;
        }

        Log.LookAlike(logger, count, JsonText.Shown(topicName), hint);
    }
}
