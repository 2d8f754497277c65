using MQTTnet;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using Telemetry.Bridge.Links;
using Telemetry.Streams;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Bridge.Forwarding;

/// <summary>
/// A central platform, reached over MQTT 5: each record is a publish of QoS 1, acknowledged once the central log has it. The batch goes as the
/// device sent it, so its event ids survive and a copy sent after a broken connection disappears there.
/// </summary>
/// <param name="options">Where it is and how to get in.</param>
/// <param name="instance">Name of this gateway; the same at each start.</param>
public sealed class MqttForwardTarget(GatewayOptions options, string instance) : IForwardTarget
{
    private readonly string _clientId = options.ClientId.Length > 0 ? options.ClientId : "telemetry-gateway-" + instance;

    /// <inheritdoc/>
    public string Name => $"the central platform at {options.Broker}";

    /// <inheritdoc/>
    public async ValueTask<IRecordProducer> OpenAsync(CancellationToken cancellationToken)
    {
        var logger = MqttNetNullLogger.Instance;
        var client = new MqttClientFactory(logger).CreateMqttClient(logger);
        try
        {
            // No session is kept: what is not acknowledged is sent again from the journal.
            var link = LinkClientOptions.Create(options, _clientId, MqttProtocolVersion.V500).WithCleanStart().WithSessionExpiryInterval(0).Build();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(options.Timeout);
            MqttClientConnectResult answer;
            try
            {
                answer = await client.ConnectAsync(link, limit.Token);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is not LinkException)
            {
                throw LinkFaults.Connecting(error, options);
            }

            return answer.ResultCode == MqttClientConnectResultCode.Success
                ? new MqttForwardProducer(client, options, _clientId, answer)
                : throw LinkFaults.Refused(answer, _clientId);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }
}
