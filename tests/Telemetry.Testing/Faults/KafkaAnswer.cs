namespace Telemetry.Testing.Faults;

/// <summary>A broker's answer on its way to a client.</summary>
/// <param name="ApiKey">What was asked.</param>
/// <param name="ApiVersion">Version of request and answer.</param>
/// <param name="ClientId">Who asked; empty: no name was given.</param>
/// <param name="Body">What follows the correlation id.</param>
public readonly record struct KafkaAnswer(short ApiKey, short ApiVersion, string ClientId, ReadOnlyMemory<byte> Body);
