using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Telemetry.IntegrationTests.Host;

/// <summary>A collector that takes OTLP over HTTP and keeps what it is sent (opentelemetry-proto, collector/trace and metrics).</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly SemaphoreSlim _arrived = new(0);

    private OtlpReceiver(WebApplication application) => _application = application;

    public ConcurrentQueue<Span> Spans { get; } = [];

    public ConcurrentDictionary<string, string> Metrics { get; } = new();

    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        var receiver = new OtlpReceiver(application);
        application.MapPost("/v1/traces", context => receiver.TakeAsync(context, receiver.TakeSpan));
        application.MapPost("/v1/metrics", context => receiver.TakeAsync(context, receiver.TakeMetric));
        await application.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>Waits until what has arrived satisfies a condition.</summary>
    public async Task WaitAsync(Func<bool> condition, Func<string> describe)
    {
        while (!condition())
        {
            (await _arrived.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken)).ShouldBeTrue(describe());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _arrived.Dispose();
    }

    private async Task TakeAsync(HttpContext context, Action<ByteString, string> take)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);

        // ExportTraceServiceRequest and ExportMetricsServiceRequest alike: resource (1) > scope (2) > scope name (1.1) and items (2).
        foreach (var resource in Fields(ByteString.CopyFrom(body.ToArray()), 1))
        {
            foreach (var scope in Fields(resource, 2))
            {
                var name = Fields(scope, 1).SelectMany(s => Fields(s, 1)).Select(n => n.ToStringUtf8()).FirstOrDefault("");
                foreach (var item in Fields(scope, 2))
                {
                    take(item, name);
                }
            }
        }

        context.Response.ContentType = "application/x-protobuf";
        _arrived.Release();
    }

    private void TakeSpan(ByteString span, string scope) => Spans.Enqueue(new Span(
        scope,
        Fields(span, 5).Single().ToStringUtf8(),
        Hex(Fields(span, 1).Single()),
        Hex(Fields(span, 2).Single()),
        Hex(Fields(span, 4).FirstOrDefault(ByteString.Empty)),
        [.. Fields(span, 13).Select(l => Hex(Fields(l, 1).Single()))]));

    private void TakeMetric(ByteString metric, string scope) => Metrics[Fields(metric, 1).Single().ToStringUtf8()] = scope;

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    /// <summary>The length-delimited fields of a message with this number.</summary>
    private static List<ByteString> Fields(ByteString message, int number)
    {
        var found = new List<ByteString>();
        using var input = message.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                found.Add(input.ReadBytes());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }
}

/// <summary>A span as a collector sees it; ids in hexadecimal.</summary>
/// <param name="Scope">Activity source.</param>
/// <param name="Name">Name.</param>
/// <param name="TraceId">Trace.</param>
/// <param name="Id">The span itself.</param>
/// <param name="Parent">Its parent; empty when it begins the trace.</param>
/// <param name="Links">Traces it links to.</param>
internal sealed record Span(string Scope, string Name, string TraceId, string Id, string Parent, IReadOnlyList<string> Links);
