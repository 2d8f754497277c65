namespace Telemetry.Storage.Ownership;

/// <summary>How a sink keeps others out of its partitions.</summary>
/// <param name="Instance">Name of this process among the sinks of a store.</param>
/// <param name="Embedded">True: also with the engine in this process.</param>
/// <param name="Grace">How long a former owner's running INSERT may take to end by itself.</param>
/// <param name="Timeout">How long it may take to end once it is being killed.</param>
internal sealed record FenceOptions(string Instance, bool Embedded, TimeSpan Grace, TimeSpan Timeout)
{
    public static FenceOptions Of(SinkOptions options) => new(options.TransactionalId, options.FenceEmbedded, options.FenceGrace, options.FenceTimeout);
}
