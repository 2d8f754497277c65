using System.Collections.Concurrent;
using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Security;

/// <summary>
/// What a client reports while it tries to connect. librdkafka tries for ever; some of it no patience mends, and then waiting
/// for the deadline only hides the cause.
/// </summary>
internal sealed class ConnectionFaults
{
    private const int FaultsMax = 32;

    private readonly ConcurrentQueue<Error> _faults = new();
    private readonly TaskCompletionSource _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a broker has refused us, we have refused a broker, or none can be reached.</summary>
    public Task Hopeless => _hopeless.Task;

    public void Add(Error error)
    {
        if (_faults.Count < FaultsMax)
        {
            _faults.Enqueue(error);
        }

        if (error.Code is ErrorCode.Local_Authentication or ErrorCode.Local_Ssl or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve
            || IsRefusal(error) || IsOtherProtocol(error))
        {
            _hopeless.TrySetResult();
        }
    }

    /// <summary>A broker that closes on us is only logged: that is how the other protocol on a port looks.</summary>
    public void Add(LogMessage message)
    {
        if (message.Facility == "FAIL")
        {
            var start = message.Message.IndexOf("]: ", StringComparison.Ordinal);
            Add(new Error(ErrorCode.Local_Transport, start < 0 ? message.Message : message.Message[(start + 3)..]));
        }
    }

    /// <summary>The cause, with what to check.</summary>
    public RecordLogException Explain(KafkaOptions options, Exception? inner)
    {
        if (Find(ErrorCode.Local_Authentication) is { } refused)
        {
            return Denied(
                options, $"does not accept user '{options.SaslUsername}' by {options.SaslMechanism}: {Shorten(refused)}",
                "Check Kafka:SaslUsername, Kafka:SaslMechanism and the password in the file that Kafka:SaslPasswordFile names.");
        }

        if ((Find(ErrorCode.Local_Ssl) ?? _faults.FirstOrDefault(IsRefusal)) is { } handshake)
        {
            return Denied(options, $"and we did not agree on TLS: {Shorten(handshake)}", TlsAdvice(options, handshake.Reason));
        }

        if (Find(ErrorCode.Local_Resolve) is { } unknown && Find(ErrorCode.Local_Transport) is null)
        {
            return Unreachable(options, Shorten(unknown), "Check the host name in Kafka:BootstrapServers.", inner);
        }

        var transport = _faults.FirstOrDefault(IsOtherProtocol) ?? Find(ErrorCode.Local_Transport);
        return Unreachable(
            options,
            transport is null ? "no answer" : Shorten(transport),
            transport is not null && IsOtherProtocol(transport)
                ? $"The port answers, but not to {options.SecurityProtocol}: check Kafka:SecurityProtocol, and that this port is that listener's."
                : "Check that Kafka runs, that host and port are those of a listener, that its advertised.listeners can be reached from here, and firewalls.",
            inner);
    }

    private static string TlsAdvice(KafkaOptions options, string reason) =>
        reason.Contains("verify failed", StringComparison.OrdinalIgnoreCase)
            ? options.SslCaFile is { Length: > 0 } file
                ? $"The broker's certificate is not signed by an authority in '{file}' (Kafka:SslCaFile), has run out, or names another host (Kafka:SslVerifyHostName)."
                : "The broker's certificate is not signed by an authority this system knows: give its authority's certificate with Kafka:SslCaFile."
            : "If the brokers ask for a client certificate, give Kafka:SslCertificateFile and Kafka:SslKeyFile; check that this port is a TLS listener.";

    private static RecordLogException Denied(KafkaOptions options, string what, string advice) =>
        new(RecordLogError.AccessDenied, $"Kafka at {options.BootstrapServers} {what}. {advice}");

    private static RecordLogException Unreachable(KafkaOptions options, string what, string advice, Exception? inner) =>
        new(RecordLogError.Unavailable, $"Kafka at {options.BootstrapServers} cannot be reached: {what}. {advice}", inner);

    /// <summary>librdkafka puts the connection in front and counts behind; the middle is for people.</summary>
    private static string Shorten(Error error)
    {
        var end = error.Reason.IndexOf(" (after ", StringComparison.Ordinal);
        return (end < 0 ? error.Reason : error.Reason[..end]).TrimEnd('.', ' ');
    }

    /// <summary>TLS 1.3 lets a server refuse a client's certificate after the handshake: it comes as an error of the connection.</summary>
    private static bool IsRefusal(Error error) =>
        error.Code == ErrorCode.Local_Transport && error.Reason.Contains("SSL alert", StringComparison.Ordinal);

    /// <summary>A connection that ends with the first request; librdkafka makes the same guess in some cases.</summary>
    private static bool IsOtherProtocol(Error error) =>
        error.Code == ErrorCode.Local_Transport
        && (error.Reason.Contains("security.protocol", StringComparison.Ordinal)
            || error.Reason.Contains("/bootstrap: Disconnected", StringComparison.Ordinal));

    private Error? Find(ErrorCode code) => _faults.FirstOrDefault(e => e.Code == code);
}
