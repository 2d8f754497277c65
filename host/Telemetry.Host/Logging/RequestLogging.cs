using Serilog;
using Serilog.Events;

namespace Telemetry.Host.Logging;

/// <summary>One line for each HTTP request: at Debug, so that a busy API does not fill the log; failures of ours at Error.</summary>
internal static class RequestLogging
{
    /// <summary>Paths that something asks every few seconds.</summary>
    private static readonly string[] Polled = ["/metrics", "/healthz", "/readyz"];

    public static void AddRequestLog(this IServiceCollection services, HostLogging logging) => services.AddSerilog(logging.Serilog);

    public static void UseRequestLog(this IApplicationBuilder application) => application.UseSerilogRequestLogging(options =>
    {
        options.MessageTemplate = "{RequestMethod} {RequestPath} answered {StatusCode} in {Elapsed:0.0} ms";
        options.GetLevel = static (context, _, exception) => exception is not null && !context.RequestAborted.IsCancellationRequested
            ? LogEventLevel.Error
            : Polled.Any(p => context.Request.Path.StartsWithSegments(p)) ? LogEventLevel.Verbose : LogEventLevel.Debug;
    });
}
