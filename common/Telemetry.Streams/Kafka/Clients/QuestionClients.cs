using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>Consumers that only ask and never join or fetch, made when they are first needed, one for each key, and closed together.</summary>
/// <param name="log">Settings and log of the clients.</param>
/// <param name="options">What the client of a key is made with.</param>
internal sealed class QuestionClients<TKey>(KafkaContext log, Func<TKey, ConsumerOptions> options) : IAsyncDisposable
    where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, IConsumer<byte[]?, byte[]?>> _clients = [];
    private bool _closed;

    public IConsumer<byte[]?, byte[]?> this[TKey key]
    {
        get
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_closed, this);
                if (!_clients.TryGetValue(key, out var client))
                {
                    client = KafkaClients.Make("consumer", () => new ConsumerBuilder<byte[]?, byte[]?>(
                            KafkaClientConfig.Consumer(log.Options, options(key), classic: true))
                        .SetLogHandler((_, message) => log.Logger.Client(message))
                        .SetErrorHandler((_, error) => log.Logger.ClientError(error.Code, error.Reason))
                        .Build());
                    _clients.Add(key, client);
                }

                return client;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        IConsumer<byte[]?, byte[]?>[] clients;
        lock (_gate)
        {
            _closed = true;
            clients = [.. _clients.Values];
            _clients.Clear();
        }

        await BlockingCall.RunAsync(() => Array.ForEach(clients, static client => client.Dispose()));
    }
}
