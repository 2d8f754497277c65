using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Security;

/// <summary>
/// Connects to a cluster once, or says why not: clients themselves retry for ever, and a wrong password should not look like a
/// slow network.
/// </summary>
internal static class ConnectionProbe
{
    /// <summary>After a refusal, other brokers of the list have this long to prove better.</summary>
    private static readonly TimeSpan SecondChance = TimeSpan.FromSeconds(2);

    /// <summary>An admin client of a cluster that has answered.</summary>
    /// <param name="options">Addresses and security.</param>
    /// <param name="timeout">Longest wait for the first answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.AccessDenied"/>: certificates or password; waiting does not mend it.
    /// <see cref="RecordLogError.Unavailable"/>: nobody answers.
    /// </exception>
    public static async Task<IAdminClient> ConnectAsync(
        KafkaOptions options, TimeSpan timeout, CancellationToken cancellationToken)
    {
        SecurityFiles.Check(options);
        var faults = new ConnectionFaults();
        var admin = Build(options, faults);
        try
        {
            await AskAsync(admin, faults, options, timeout, cancellationToken);
            return admin;
        }
        catch
        {
            admin.Dispose();
            throw;
        }
    }

    private static async Task AskAsync(
        IAdminClient admin, ConnectionFaults faults, KafkaOptions options, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var answer = admin.DescribeClusterAsync(new DescribeClusterOptions { RequestTimeout = timeout });
        await Task.WhenAny(answer, faults.Hopeless).WaitAsync(cancellationToken);
        try
        {
            await answer.WaitAsync(SecondChance, cancellationToken);
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            // Nobody waits for the answer any more; its error must not come up elsewhere.
            _ = answer.ContinueWith(static t => t.Exception, TaskContinuationOptions.OnlyOnFaulted);
            throw faults.Explain(options, e);
        }
    }

    private static IAdminClient Build(KafkaOptions options, ConnectionFaults faults)
    {
        try
        {
            // A broker that hangs up on us is only logged, and only when asked for. The controller named first may be the
            // broker that has just died: without being told of another the client would wait for it.
            return KafkaClients.Make("admin client", () => new AdminClientBuilder(new AdminClientConfig(KafkaClientConfig.Base(options))
            {
                LogConnectionClose = true,
                TopicMetadataRefreshIntervalMs = 500,
                TopicMetadataRefreshSparse = false,
            })
                .SetErrorHandler((_, error) => faults.Add(error))
                .SetLogHandler((_, message) => faults.Add(message))
                .Build());
        }
        catch (RecordLogException e) when (e.Error == RecordLogError.Misconfigured)
        {
            throw new RecordLogException(
                RecordLogError.AccessDenied,
                $"The security settings of Kafka cannot be used: {e.InnerException!.Message}. Check the files under Kafka:Ssl*.", e);
        }
    }
}
