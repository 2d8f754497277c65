using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Telemetry.Observability.Metrics;

namespace Telemetry.Observability;

/// <summary>
/// OpenTelemetry of one process, set up once at its start: every meter named "Telemetry.*" with those of the runtime, the
/// process and ASP.NET Core, served for Prometheus and, where a collector is named, sent there; every activity source named
/// "Telemetry.*", sampled. Libraries only use <c>System.Diagnostics</c> and know nothing of this.
/// </summary>
public sealed class Instrumentation : IDisposable
{
    /// <summary>Where Prometheus scrapes.</summary>
    public const string ScrapePath = "/metrics";

    /// <summary>Most series of one instrument of ours; what is beyond counts in one series labelled <c>otel_metric_overflow</c>.</summary>
    private const int SeriesMax = 2000;

    /// <summary>Most series of an instrument of the runtime, the process or ASP.NET Core.</summary>
    private const int ForeignSeriesMax = 500;

    private readonly DeclaredMetrics _declared = new();
    private readonly MeterProvider _meters;
    private readonly TracerProvider? _tracers;

    /// <param name="options">What is sent where, and what is traced.</param>
    /// <param name="service">Name of the service, unless OTEL_SERVICE_NAME gives one.</param>
    /// <param name="instance">Name of this process among those of its service.</param>
    /// <param name="extend">Adds more exporters; for tests.</param>
    public Instrumentation(ObservabilityOptions options, string service, string instance, Action<TracerProviderBuilder>? extend = null)
    {
        Figures = new FigureReader();
        var resource = ResourceBuilder.CreateDefault()
            .AddService(Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") ?? service, serviceInstanceId: instance);
        var sends = OtlpTarget.From(options);
        _meters = CreateMeters(options, resource, sends);
        if (options.TraceRatio > 0)
        {
            _tracers = CreateTracers(options, resource, sends, extend);
        }
    }

    /// <summary>The few figures that the process itself asks for: rates, latencies, the report.</summary>
    public FigureReader Figures { get; }

    /// <summary>Serves <see cref="ScrapePath"/>, under the names that alerts and dashboards use.</summary>
    public IEndpointConventionBuilder MapScraping(IEndpointRouteBuilder routes) =>
        routes.MapPrometheusScrapingEndpoint(ScrapePath, _meters, _declared.Use, optionsName: null);

    /// <summary>Sends what is left, a few seconds at most, and ends.</summary>
    public void Dispose()
    {
        _tracers?.Dispose();
        _meters.Dispose();
        _declared.Dispose();
        Figures.Dispose();
    }

    private static MeterProvider CreateMeters(ObservabilityOptions options, ResourceBuilder resource, OtlpTarget? sends)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(MeterNames.Prefix + "*")
            .AddRuntimeInstrumentation()
            .AddProcessInstrumentation()
            .AddAspNetCoreInstrumentation()
            .AddView(instrument => MetricViews.Of(instrument, SeriesMax, ForeignSeriesMax))
            .AddPrometheusExporter(exporter =>
            {
                // The names of the series are an interface: alerts, dashboards and the autoscaler rely on them.
                exporter.ScopeInfoEnabled = false;
                exporter.TargetInfoEnabled = false;
                exporter.ScrapeResponseCacheDurationMilliseconds = 0;
            });
        if (sends is not null)
        {
            builder.AddOtlpExporter((exporter, reader) =>
            {
                sends.Apply(exporter, "v1/metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.OtlpInterval.TotalMilliseconds;
            });
        }

        return builder.Build();
    }

    /// <summary>What something asks every few seconds is not worth a trace.</summary>
    private static bool IsPolled(PathString path) => path == ScrapePath || path == "/healthz" || path == "/readyz";

    private static TracerProvider CreateTracers(
        ObservabilityOptions options, ResourceBuilder resource, OtlpTarget? sends, Action<TracerProviderBuilder>? extend)
    {
        var builder = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .SetSampler(new EntrySampler(options.TraceRatio))
            .AddSource(MeterNames.Prefix + "*")
            .AddAspNetCoreInstrumentation(web => web.Filter = static context => !IsPolled(context.Request.Path));
        if (sends is not null)
        {
            builder.AddOtlpExporter(exporter => sends.Apply(exporter, "v1/traces"));
        }

        extend?.Invoke(builder);
        return builder.Build();
    }
}
