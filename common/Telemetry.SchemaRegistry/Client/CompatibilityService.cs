using Confluent.SchemaRegistry;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>
/// Asks whether a subject's rule takes a schema, with the reasons. The package's own call compares with the latest version only,
/// whatever the rule, and drops the reasons.
/// Source: https://docs.confluent.io/platform/current/schema-registry/develop/api.html#compatibility
/// </summary>
internal sealed class CompatibilityService(SchemaRegistryConfig config, IAuthenticationHeaderValueProvider? authorization)
    : RestService(
        config.Url, config.RequestTimeoutMs!.Value, authorization, [], enableSslCertificateVerification: true, maxRetries: config.MaxRetries!.Value,
        retriesWaitMs: config.RetriesWaitMs!.Value, retriesMaxWaitMs: config.RetriesMaxWaitMs!.Value)
{
    public Task<CompatibilityAnswer> CheckAsync(string subject, Schema schema) => RequestAsync<CompatibilityAnswer>(
        $"compatibility/subjects/{Uri.EscapeDataString(subject)}/versions?verbose=true", HttpMethod.Post, schema);
}
