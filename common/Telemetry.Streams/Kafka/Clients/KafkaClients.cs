using Confluent.Kafka;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>Makes clients, and says in the log's terms why one cannot be made.</summary>
internal static class KafkaClients
{
    /// <summary>librdkafka reads certificates and checks values and combinations of settings when a client is made.</summary>
    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.Misconfigured"/> or <see cref="RecordLogError.NotInstalled"/>.
    /// </exception>
    public static T Make<T>(string what, Func<T> build)
    {
        LoadedLibrdkafka.Load();
        try
        {
            return build();
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException
            || (error is KafkaException { Error.Code: var code } && !code.IsTransient()))
        {
            throw new RecordLogException(
                RecordLogError.Misconfigured, $"A Kafka {what} cannot be made of the settings Kafka:*: {error.Message.TrimEnd('.')}.", error);
        }
    }
}
