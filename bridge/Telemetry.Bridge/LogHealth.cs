using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Bridge;

/// <summary>Says once when the log starts to fail and once when it is well again, not once a publish.</summary>
internal sealed class LogHealth(ILogger logger)
{
    private int _failing;

    public bool IsFailing => Volatile.Read(ref _failing) == 1;

    public void Report(RecordLogException? error)
    {
        if (error is null)
        {
            if (Volatile.Read(ref _failing) == 1 && Interlocked.Exchange(ref _failing, 0) == 1)
            {
                Log.LogRecovered(logger);
            }
        }
        else if (Interlocked.Exchange(ref _failing, 1) == 0)
        {
            Log.LogFailing(logger, error.Error, error.Message);
        }
    }
}
