using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Telemetry.Observability.Metrics;

/// <summary>
/// What the exporter does otherwise than the names on <c>/metrics</c> promise.
/// <para>
/// It leaves out an instrument that has not measured anything yet: this adds its HELP and TYPE, so that every figure is named from
/// the first second on, and what alerts and dashboards ask for can be checked on an idle process.
/// </para>
/// <para>
/// It writes empty braces behind the name of a series without labels; they are taken away.
/// </para>
/// <para>
/// It writes OpenMetrics to a scraper that asks for it, with other bounds (<c>le="1.0"</c>) and a series <c>_created</c> for each
/// counter: every scraper gets the text format 0.0.4.
/// </para>
/// </summary>
internal sealed partial class DeclaredMetrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new(StringComparer.Ordinal);

    public DeclaredMetrics()
    {
        _listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name.StartsWith(MeterNames.Prefix, StringComparison.Ordinal) || instrument.Meter.Name == "System.Runtime")
            {
                _instruments.TryAdd(NameOf(instrument), instrument);
            }
        };
        _listener.Start();
    }

    /// <summary>Completes the answers of the endpoint behind it.</summary>
    public void Use(IApplicationBuilder application) => application.Use(async (context, next) =>
    {
        context.Request.Headers.Accept = "text/plain;version=0.0.4";

        // The exporter compresses by itself for who takes it; what it writes is completed here first, and compressed on its way out.
        var encodings = context.Request.Headers.AcceptEncoding;
        context.Request.Headers.AcceptEncoding = default;
        var body = context.Response.Body;
        using var buffer = new MemoryStream();
        context.Response.Body = buffer;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
            context.Request.Headers.AcceptEncoding = encodings;
        }

        if (context.Response.StatusCode == StatusCodes.Status200OK
            && context.Response.ContentType?.StartsWith("text/plain", StringComparison.Ordinal) == true)
        {
            var served = EmptyLabels().Replace(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length), "$1 ");
            buffer.SetLength(0);
            buffer.Write(Encoding.UTF8.GetBytes(served));
            buffer.Write(Encoding.UTF8.GetBytes(MissingFrom(served)));
            context.Response.ContentLength = buffer.Length;
        }

        await body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted);
    });

    public void Dispose() => _listener.Dispose();

    /// <summary>The exporter writes <c>name{} 1</c> for a series without labels; scripts that look for <c>name 1</c> go on finding it.</summary>
    [GeneratedRegex(@"^(\w+)\{\} ", RegexOptions.Multiline)]
    private static partial Regex EmptyLabels();

    private string MissingFrom(string served)
    {
        var text = new StringBuilder();
        foreach (var (name, instrument) in _instruments.OrderBy(i => i.Key, StringComparer.Ordinal))
        {
            if (!served.Contains($"# TYPE {name} ", StringComparison.Ordinal))
            {
                var help = (instrument.Description ?? instrument.Name).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
                text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
                text.Append("# TYPE ").Append(name).Append(' ').Append(TypeOf(instrument)).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>As OpenTelemetry's mapping to Prometheus has it: dots become underscores, unit and <c>_total</c> are appended.</summary>
    private static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        name = name.EndsWith(unit, StringComparison.Ordinal) ? name : name + unit;
        return TypeOf(instrument) == "counter" ? name + "_total" : name;
    }

    private static string TypeOf(Instrument instrument) => instrument.GetType().Name switch
    {
        "Counter`1" or "ObservableCounter`1" => "counter",
        "Histogram`1" => "histogram",
        _ => "gauge",
    };
}
