using System.Text.Json;
using System.Text.Json.Serialization;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Query.Health;

namespace Telemetry.Query.Endpoints;

/// <summary>Health of the pipeline.</summary>
internal static class PipelineEndpoint
{
    public static readonly ApiEndpoint Endpoint = new(
        "pipeline",
        "/pipeline",
        "Health of the pipeline: rates, lag, latency, freshness",
        "What is not known is null. Times are RFC 3339, rates are per second, latencies in milliseconds, freshness in seconds.",
        [],
        ApiEndpoint.Json,
        HandleAsync);

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static async Task HandleAsync(ApiRequest request)
    {
        var meta = await request.MetaAsync();
        var health = request.Parts.Services.Health is { } source ? await source.ReadAsync(request.Aborted) : new PipelineHealth();
        request.Response.ContentType = "application/json";
        request.Response.Headers.CacheControl = "no-store";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: false);
        Write(writer, "roles", health.Roles);
        Write(writer, "rates", health.Rates);
        Write(writer, "lag", health.Lag);
        Write(writer, "latency", health.Latency);
        Write(writer, "connections", health.Connections);
        Write(writer, "deadLetters", health.DeadLetters);
        Write(writer, "duplicates", health.Duplicates);
        Write(writer, "audit", health.Audit);
        Write(writer, "watermark", health.Watermark is { } mark ? TimeText.Format(UnixMicros.From(mark)) : Stored(meta.Watermark));
        Write(writer, "freshness", meta.Freshness);
        Write(writer, "completeness", meta.Completeness);
        writer.WriteEndObject();
    }

    private static string? Stored(long? us) => us is { } time ? TimeText.Format(time) : null;

    private static void Write<T>(Utf8JsonWriter writer, string name, T value)
    {
        writer.WritePropertyName(name);
        JsonSerializer.Serialize(writer, value, Options);
    }
}
