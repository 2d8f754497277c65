namespace Telemetry.Host.Commands;

/// <summary>Keeps the process small.</summary>
internal static class GatewayMemory
{
    /// <summary>The share of the managed heap; the rest is for the runtime, code, threads, sockets and the Kafka client.</summary>
    private const double HeapShare = 0.4;

    /// <summary>Bounds the managed heap, unless the environment did (DOTNET_GCHeapHardLimit, or a container's own limit).</summary>
    /// <param name="bytes">What the process may take in all; 0: no bound.</param>
    public static void Limit(long bytes)
    {
        if (bytes > 0 && Environment.GetEnvironmentVariable("DOTNET_GCHeapHardLimit") is null)
        {
            AppContext.SetData("GCHeapHardLimit", (ulong)(bytes * HeapShare));
            GC.RefreshMemoryLimit();
        }
    }
}
