using System.ComponentModel.DataAnnotations;

namespace Telemetry.Observability;

/// <summary>
/// What goes to an OpenTelemetry collector, and which publishes are traced. The variables OTEL_EXPORTER_OTLP_* and OTEL_SERVICE_NAME
/// of the OpenTelemetry specification work too; a setting here wins over its variable.
/// </summary>
public sealed record ObservabilityOptions : IValidatableObject
{
    /// <summary>
    /// Address of a collector that takes OTLP, for example http://127.0.0.1:4317: metrics and traces are sent there. None (default):
    /// the variable OTEL_EXPORTER_OTLP_ENDPOINT, and without that nothing is sent.
    /// </summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>Protocol of the collector: Grpc (default, port 4317) or HttpProtobuf (port 4318).</summary>
    public OtlpProtocol OtlpProtocol { get; init; } = OtlpProtocol.Grpc;

    /// <summary>How often metrics are sent to the collector. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan OtlpInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Share of publishes, 0 to 1, whose way through edge, log, processing and store is traced. The context travels in the header
    /// <c>traceparent</c> of the record. Default 0: no publish is, no header is written, and it costs nothing.
    /// </summary>
    [Range(0.0, 1.0)]
    public double TraceRatio { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (OtlpEndpoint is { Scheme: not ("http" or "https") })
        {
            yield return new ValidationResult("give an http or https address, for example http://127.0.0.1:4317.", [nameof(OtlpEndpoint)]);
        }
    }
}

/// <summary>Protocols of OTLP.</summary>
public enum OtlpProtocol
{
    Grpc,
    HttpProtobuf,
}
