namespace Telemetry.Streams;

/// <summary>The meter of everything that this project measures, journal and Kafka.</summary>
internal static class StreamsMeter
{
    public const string Name = "Telemetry.Streams";
}
