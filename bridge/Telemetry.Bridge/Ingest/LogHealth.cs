using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>
/// Says once when the log starts to fail and once when it is well again, not once a publish. A record that is too large says
/// nothing about the log: what one client sends must not make this process look ill.
/// </summary>
internal sealed class LogHealth(ILogger logger)
{
    private int _failing;
    private long _failures;

    /// <summary>Appends that failed since the start.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    public bool IsFailing => Volatile.Read(ref _failing) == 1;

    public void Report(RecordLogException? error)
    {
        if (error is not null)
        {
            Interlocked.Increment(ref _failures);
        }

        if (error is null)
        {
            if (Volatile.Read(ref _failing) == 1 && Interlocked.Exchange(ref _failing, 0) == 1)
            {
                Log.LogRecovered(logger);
            }
        }
        else if (error.Error != RecordLogError.RecordTooLarge && Interlocked.Exchange(ref _failing, 1) == 0)
        {
            Log.LogFailing(logger, error.Error, error.Message);
        }
    }
}
