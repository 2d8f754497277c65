using OpenTelemetry.Exporter;

namespace Telemetry.Observability;

/// <summary>The collector that metrics and traces are sent to.</summary>
/// <param name="Endpoint">From our settings; null: from the environment, as the exporter reads it.</param>
/// <param name="Protocol">How it is spoken to; only with <paramref name="Endpoint"/>.</param>
internal sealed record OtlpTarget(Uri? Endpoint, OtlpProtocol Protocol)
{
    private static readonly string[] Variables =
        ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    /// <summary>Null: nothing is sent.</summary>
    public static OtlpTarget? From(ObservabilityOptions options) =>
        options.OtlpEndpoint is not null || Variables.Any(v => Environment.GetEnvironmentVariable(v) is { Length: > 0 })
            ? new OtlpTarget(options.OtlpEndpoint, options.OtlpProtocol)
            : null;

    /// <param name="exporter">Settings of the exporter, with the environment's variables already read.</param>
    /// <param name="path">Where a collector takes this signal over HTTP.</param>
    public void Apply(OtlpExporterOptions exporter, string path)
    {
        if (Endpoint is null)
        {
            return;
        }

        exporter.Protocol = Protocol == OtlpProtocol.Grpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = Protocol == OtlpProtocol.Grpc || Endpoint.AbsolutePath.EndsWith(path, StringComparison.Ordinal)
            ? Endpoint
            : new Uri(new Uri(Endpoint.AbsoluteUri.TrimEnd('/') + "/"), path);
    }
}
