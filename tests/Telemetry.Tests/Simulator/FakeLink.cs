using MQTTnet.Protocol;
using Telemetry.Contracts.V1;
using Telemetry.Simulator.Devices;

namespace Telemetry.Tests.Simulator;

/// <summary>A device's connection with a script: connects or not, answers when told.</summary>
internal sealed class FakeLink : IDeviceLink
{
    private readonly IDeviceLinkOwner _owner;
    private readonly Queue<ulong> _open = new();
    private TaskCompletionSource _connecting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeLink(IDeviceLinkOwner owner) => _owner = owner;

    public List<byte[]> Sent { get; } = [];

    public IEnumerable<ReadingBatch> Batches => Sent.Select(bytes => ReadingBatch.Parser.ParseFrom(bytes));

    public int Connects { get; private set; }

    public int Open => _open.Count;

    public bool IsConnected { get; private set; }

    public int KeepAlives { get; private set; }

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        Connects++;
        await _connecting.Task.WaitAsync(cancellationToken);
        IsConnected = true;
    }

    public void Accept() => _connecting.TrySetResult();

    public void RefuseConnection()
    {
        var refused = _connecting;
        _connecting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        refused.SetException(new DeviceLinkException("refused"));
    }

    public void KeepAlive(long nowUs) => KeepAlives++;

    public PublishStart TryPublish(ReadOnlyMemory<byte> payload, ulong state)
    {
        if (!IsConnected)
        {
            return PublishStart.NotConnected;
        }

        Sent.Add(payload.ToArray());
        _open.Enqueue(state);
        return PublishStart.Started;
    }

    public void Answer(PublishOutcome outcome = PublishOutcome.Acknowledged, MqttPubAckReasonCode code = 0) =>
        _owner.Published(new PublishResult(outcome, code), _open.Dequeue());

    public void AnswerAll()
    {
        while (_open.Count > 0)
        {
            Answer();
        }
    }

    public void Break()
    {
        IsConnected = false;
        while (_open.Count > 0)
        {
            Answer(PublishOutcome.ConnectionLost);
        }

        _owner.Disconnected("broken");
    }

    public Task DisconnectAsync()
    {
        IsConnected = false;
        _connecting.TrySetCanceled(CancellationToken.None);
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
