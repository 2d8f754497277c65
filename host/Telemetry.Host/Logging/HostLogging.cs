using Serilog.Core;
using Serilog.Extensions.Logging;

namespace Telemetry.Host.Logging;

/// <summary>Serilog of this process, as our code sees it (Microsoft.Extensions.Logging) and as ASP.NET Core's request log does.</summary>
internal sealed class HostLogging(Logger serilog, AuditLines audit) : ILoggerFactory
{
    private readonly SerilogLoggerFactory _factory = new(serilog, dispose: true);

    /// <summary>The same logger, for libraries that speak Serilog.</summary>
    public Serilog.ILogger Serilog => serilog;

    /// <summary>Lines of the audit log that wait to be put onto the log.</summary>
    public AuditLines Audit => audit;

    public ILogger CreateLogger(string categoryName) => _factory.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => _factory.AddProvider(provider);

    /// <summary>Writes what is left and closes console and file.</summary>
    public void Dispose() => _factory.Dispose();
}
