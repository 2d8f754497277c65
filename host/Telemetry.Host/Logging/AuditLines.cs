using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Json;

namespace Telemetry.Host.Logging;

/// <summary>Lines of the audit log that wait to be put onto the log. Bounded: while the log is away the newest are kept; the file has all of them.</summary>
internal sealed class AuditLines : ILogEventSink
{
    /// <summary>Lines that may wait.</summary>
    public const int Max = 10_000;

    private readonly JsonFormatter _formatter = new(renderMessage: true, formatProvider: CultureInfo.InvariantCulture);
    private readonly Channel<byte[]> _lines = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(Max) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>JSON, UTF-8, one line each.</summary>
    public ChannelReader<byte[]> Reader => _lines.Reader;

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        _formatter.Format(logEvent, text);
        _lines.Writer.TryWrite(Encoding.UTF8.GetBytes(text.ToString().TrimEnd()));
    }
}
