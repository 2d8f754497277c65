namespace Telemetry.ClickHouseServer.Responses;

/// <summary>
/// Thrown out of a request whose answer had begun when its statement failed: the server closes the connection without the last
/// chunk, so that no client takes the answer for whole.
/// </summary>
internal sealed class BrokenOffException(string message) : Exception(message);
