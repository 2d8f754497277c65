using System.Diagnostics;
using System.Security.Cryptography;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Telemetry.Host.Readings;

/// <summary>What the broker said.</summary>
/// <param name="IsTaken">True: it is on the log.</param>
/// <param name="Reason">Why not, or what it adds.</param>
/// <param name="Took">From sending to the acknowledgement.</param>
internal readonly record struct PublishAnswer(bool IsTaken, string Reason, TimeSpan Took);

/// <summary>Publishes one reading over a connection of its own (MQTT 5, QoS 1).</summary>
internal static class ReadingPublisher
{
    /// <exception cref="IOException">No connection, or no answer in time; the message says what to do.</exception>
    public static async Task<PublishAnswer> PublishAsync(
        (string Host, int Port) broker, (string Name, byte[] Password)? credentials, ReadingToSend reading, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var options = new MqttClientOptionsBuilder()
            .WithTcpServer(broker.Host, broker.Port)
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithClientId($"telemetry-publish-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}");
        if (credentials is { } user)
        {
            options.WithCredentials(user.Name, user.Password);
        }

        using var client = new MqttClientFactory().CreateMqttClient();
        try
        {
            var connected = await client.ConnectAsync(options.Build(), limit.Token);
            if (connected.ResultCode != MqttClientConnectResultCode.Success)
            {
                return new PublishAnswer(false, $"{connected.ResultCode}. {connected.ReasonString}{Hint(connected.ResultCode)}".Trim(), TimeSpan.Zero);
            }

            var message = new MqttApplicationMessageBuilder().WithTopic(reading.Topic).WithPayload(reading.Payload())
                .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
            var began = Stopwatch.GetTimestamp();
            var answer = await client.PublishAsync(message, limit.Token);
            var took = Stopwatch.GetElapsedTime(began);
            var reason = answer.IsSuccess ? answer.ReasonString : $"{answer.ReasonCode}. {answer.ReasonString}";
            await client.DisconnectAsync(new MqttClientDisconnectOptions(), limit.Token);
            return new PublishAnswer(answer.IsSuccess, reason ?? "", took);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException(
                $"No answer from {broker.Host}:{broker.Port} within {timeout.TotalSeconds:F0} s. The reading may or may not be there; a device would send the same bytes again.");
        }
        catch (MqttCommunicationException e)
        {
            throw new IOException($"No MQTT broker at {broker.Host}:{broker.Port}: {(e.InnerException ?? e).Message} Is the platform running? Another address: --broker HOST:PORT.", e);
        }
    }

    private static string Hint(MqttClientConnectResultCode code) => code is MqttClientConnectResultCode.BadUserNameOrPassword or MqttClientConnectResultCode.NotAuthorized
        ? " Give --user NAME --password-file FILE; telemetry users add NAME makes a user."
        : "";
}
