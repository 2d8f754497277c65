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

    /// <summary>
    /// Makes one client of each kind that has settings of its own and lets it go; nothing is connected. A wrong setting is found before any
    /// work begins, and not by whichever loop first needs such a client and would try again.
    /// </summary>
    /// <exception cref="RecordLogException">As <see cref="Make{T}"/>.</exception>
    public static void Prove(KafkaOptions options)
    {
        var member = new ConsumerOptions { Group = "telemetry-settings", Topics = ["telemetry-settings"] };
        Make("consumer", () => new ConsumerBuilder<byte[]?, byte[]?>(
            KafkaClientConfig.Consumer(options, member, classic: options.GroupProtocol == KafkaGroupProtocol.Classic)).SetLogHandler(static (_, _) => { }).Build()).Dispose();
        Make("producer", () => new ProducerBuilder<byte[]?, byte[]?>(
            KafkaClientConfig.Producer(options, new ProducerOptions())).SetLogHandler(static (_, _) => { }).Build()).Dispose();
        Make("producer", () => new ProducerBuilder<byte[]?, byte[]?>(
            KafkaClientConfig.TransactionalProducer(options, new ProducerOptions(), "telemetry-settings")).SetLogHandler(static (_, _) => { }).Build()).Dispose();
    }
}
