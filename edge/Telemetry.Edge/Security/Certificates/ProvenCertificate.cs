namespace Telemetry.Edge.Security.Certificates;

/// <summary>A client certificate that was judged and taken at the handshake.</summary>
/// <param name="Name">The name in it, by <see cref="MqttTlsOptions.Identity"/>.</param>
/// <param name="IsRevoked">Whether it was taken back since.</param>
internal sealed record ProvenCertificate(string Name, Func<bool> IsRevoked);
