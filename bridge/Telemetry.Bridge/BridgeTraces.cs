using System.Diagnostics;
using Telemetry.Streams;

namespace Telemetry.Bridge;

/// <summary>
/// The span <c>append</c>: from a publish to its durability in the log. Its context travels in the record's header
/// <c>traceparent</c>. While nobody listens, the cost is one comparison.
/// </summary>
internal static class BridgeTraces
{
    public static readonly ActivitySource Source = new("Telemetry.Bridge");

    /// <summary>The append that is under way here; null when it is not traced.</summary>
    public static Activity? Current =>
        Source.HasListeners() && Activity.Current is { Recorded: true } current && current.Source == Source ? current : null;

    /// <summary>Begins an append for the publish that is the current activity; null when that is not traced.</summary>
    public static Activity? Start() =>
        Source.HasListeners() && Activity.Current is { Recorded: true } ? Source.StartActivity("append", ActivityKind.Producer) : null;

    /// <summary>The caller goes on with other work; the append ends when the log has answered, or not at all when nothing was taken.</summary>
    public static void Leave(Activity? append)
    {
        if (append is not null)
        {
            Activity.Current = append.Parent;
        }
    }

    /// <summary>The log has answered. Called on a thread of the log, whose own current activity stays.</summary>
    public static void End(Activity? append, RecordLogException? error)
    {
        if (append is null)
        {
            return;
        }

        if (error is not null)
        {
            append.SetStatus(ActivityStatusCode.Error, error.Message);
        }

        var current = Activity.Current;
        append.Stop();
        Activity.Current = current;
    }

    /// <summary>
    /// Headers of the record of a publish. Not traced here: the device's own context, marked as not sampled, so that a device does
    /// not decide what is traced behind the log.
    /// </summary>
    /// <param name="traceParent">The device's own context, as it sent it; empty when it sent none.</param>
    public static RecordHeaders? Headers(ReadOnlySpan<byte> traceParent)
    {
        if (Current is { } append)
        {
            return new RecordHeaders([new(TraceContext.Header, TraceContext.Format(append.Context))]);
        }

        // Anything else that a sender puts there, up to 64 KiB, goes no further.
        if (!TraceParent.IsLegal(traceParent))
        {
            return null;
        }

        var own = traceParent.ToArray();
        if (TraceContext.TryParse(own, out var context))
        {
            own = TraceContext.Format(new ActivityContext(context.TraceId, context.SpanId, ActivityTraceFlags.None));
        }

        return new RecordHeaders([new(TraceContext.Header, own)]);
    }
}
