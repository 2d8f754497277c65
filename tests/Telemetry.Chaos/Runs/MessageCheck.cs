using System.Globalization;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Chaos.Runs;

/// <summary>
/// Counted messages between persistent sessions, at QoS 1 and 2, while everything around them fails: each one that was acknowledged is
/// received, at QoS 2 once.
/// </summary>
internal sealed class MessageCheck : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Flow[] _flows;
    private Task _publishing = Task.CompletedTask;

    /// <param name="port">Where the edges are reached.</param>
    public MessageCheck(int port) => _flows =
    [
        new Flow(port, MqttQos.AtLeastOnce), new Flow(port, MqttQos.ExactlyOnce),
    ];

    public long Acknowledged => _flows.Sum(f => f.Publisher.Acknowledged.Count);

    public void Start() => _publishing = Task.WhenAll(_flows.Select(f => f.RunAsync(_stop.Token)));

    /// <summary>Publishes nothing more and waits for what is on its way.</summary>
    /// <returns>What was lost or came twice; empty when nothing was.</returns>
    public async Task<IReadOnlyList<string>> FinishAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _publishing;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(limit);
        while (_flows.Any(f => !f.IsDone) && !patience.IsCancellationRequested)
        {
            await Task.Delay(100, CancellationToken.None);
        }

        return [.. _flows.SelectMany(f => f.Failures())];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _publishing;
        foreach (var flow in _flows)
        {
            await flow.Publisher.DisposeAsync();
            await flow.Subscriber.DisposeAsync();
        }

        _stop.Dispose();
    }

    private sealed class Flow(int port, MqttQos qos)
    {
        private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"chaos-{(int)qos}");

        public SteadyClient Subscriber { get; } = new(
            string.Create(CultureInfo.InvariantCulture, $"chaos-{(int)qos}-subscriber"), SteadyClient.ToPorts(port), qos)
        {
            Filter = string.Create(CultureInfo.InvariantCulture, $"chaos-{(int)qos}/#"),
        };

        public SteadyClient Publisher { get; } = new(
            string.Create(CultureInfo.InvariantCulture, $"chaos-{(int)qos}-publisher"), SteadyClient.ToPorts(port), qos);

        public bool IsDone => Publisher.Open == 0 && Publisher.Acknowledged.Keys.All(Subscriber.Received.ContainsKey);

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            Subscriber.Start();
            Publisher.Start();
            try
            {
                await Subscriber.Subscribed.Task.WaitAsync(cancellationToken);
                for (var number = 0L; ; number++)
                {
                    await Publisher.PublishAsync($"{_name}/n", number, cancellationToken);
                    await Task.Delay(Pace, cancellationToken);
                }
            }
            catch (OperationCanceledException)
            {
                // The faults are over; what is on its way is waited for elsewhere.
                return;
            }
        }

        public IEnumerable<string> Failures()
        {
            var lost = Publisher.Acknowledged.Keys.Where(n => !Subscriber.Received.ContainsKey(n)).Order().ToList();
            if (lost.Count > 0)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"{_name}: {lost.Count} acknowledged messages were not received, the first is {lost[0]}");
            }

            if (Publisher.Open > 0)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{_name}: {Publisher.Open} messages were never acknowledged");
            }

            var doubled = Subscriber.Received.Where(r => r.Value > 1).Select(r => r.Key).Order().ToList();
            if (qos == MqttQos.ExactlyOnce && doubled.Count > 0)
            {
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"{_name}: {doubled.Count} messages came twice, the first is {doubled[0]}");
            }

            if (Subscriber.SessionsLost + Publisher.SessionsLost > 0)
            {
                yield return $"{_name}: a session was lost";
            }
        }
    }
}
