using Confluent.Kafka;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Streams.Kafka;

/// <summary>The native client library in use.</summary>
/// <param name="Version">Its version, for example 2.16.0.</param>
/// <param name="File">Where it was loaded from; null when the system does not tell.</param>
public sealed record KafkaLibrary(string Version, string? File)
{
    /// <summary>Loads the library as clients do, and says which it is.</summary>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.NotInstalled"/>: it cannot be loaded; the message says why.</exception>
    public static KafkaLibrary Load()
    {
        LoadedLibrdkafka.Load();
        return new KafkaLibrary(Library.VersionString, LoadedLibrdkafka.File);
    }
}
