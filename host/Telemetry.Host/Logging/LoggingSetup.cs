using Serilog;
using Serilog.Events;
using Serilog.Filters;
using Serilog.Formatting.Json;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Logging;

/// <summary>Serilog behind Microsoft.Extensions.Logging: console for people or JSON lines for machines, and a rolling file.</summary>
internal static class LoggingSetup
{
    /// <summary>Category of who was refused what, and who changed what.</summary>
    public const string AuditCategory = "Telemetry.Audit";

    private const int AuditFiles = 32;

    private const string Template = "{Timestamp:HH:mm:ss.fff} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";

    /// <param name="options">What to write where.</param>
    /// <param name="console">False while the live view owns the terminal; warnings then go to the file only.</param>
    public static HostLogging Create(LoggingOptions options, bool console)
    {
        var level = Enum.Parse<LogEventLevel>(options.Level.ToString());
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .Filter.ByExcluding(IsFailedStart)
            .Enrich.FromLogContext();
        if (console && options.Format == LogFormat.Json)
        {
            configuration.WriteTo.Console(new JsonFormatter(renderMessage: true), standardErrorFromLevel: LogEventLevel.Verbose);
        }
        else if (console)
        {
            configuration.WriteTo.Console(outputTemplate: Template, standardErrorFromLevel: LogEventLevel.Verbose);
        }

        if (options.File is { Length: > 0 } file)
        {
            configuration.WriteTo.File(
                new JsonFormatter(renderMessage: true), file, rollingInterval: RollingInterval.Day,
                fileSizeLimitBytes: 64 << 20, rollOnFileSizeLimit: true, retainedFileCountLimit: 7);
        }

        var lines = new AuditLines();
        configuration.MinimumLevel.Override(AuditCategory, LogEventLevel.Information);
        configuration.WriteTo.Logger(own => own.Filter.ByIncludingOnly(Matching.FromSource(AuditCategory)).WriteTo.Sink(lines));
        if (options.AuditFile is { Length: > 0 } audit)
        {
            // Shared: commands that change users write to it while the broker does.
            configuration.WriteTo.Logger(own => own.Filter.ByIncludingOnly(Matching.FromSource(AuditCategory)).WriteTo.File(
                new JsonFormatter(renderMessage: true), audit, rollingInterval: RollingInterval.Day, shared: true,
                fileSizeLimitBytes: options.AuditBytesMax / AuditFiles, rollOnFileSizeLimit: true, retainedFileCountLimit: AuditFiles));
        }

        return new HostLogging(configuration.CreateLogger(), lines);
    }

    /// <summary>The web server's stack trace of a start that failed: the command says why in one sentence.</summary>
    private static bool IsFailedStart(LogEvent entry) => entry.MessageTemplate.Text is "Hosting failed to start" or "Unable to start Kestrel.";
}
