using System.Globalization;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Host.Composition;

/// <summary>Forwards what the intake has stored. Starts before the intake and stops after it.</summary>
internal sealed class ForwardModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly StoreAndForwardLog _forward;
    private readonly IRecordProducer _letters;

    public ForwardModule(PlatformServices services, StoreAndForwardLog forward)
        : base("forward")
    {
        (_services, _forward) = (services, forward);
        _letters = forward.CreateProducer(new ProducerOptions());
        forward.Dropped = Tell;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> NotReady => _forward.NotReadyReason is { } reason ? [reason] : [];

    /// <inheritdoc/>
    public override IEnumerable<string> Notes
    {
        get
        {
            if (_forward.AwayReason is { } reason)
            {
                var status = _forward.Status;
                yield return string.Create(
                    CultureInfo.InvariantCulture, $"store and forward: {status.Records} records wait, the oldest for {status.Age.TotalSeconds:0} s: {reason}");
            }
        }
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken) => _forward.StartAsync(Forwarding.Target(_services));

    /// <inheritdoc/>
    public override async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), _services.Time);
        while (_forward.Status.Records > 0)
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _letters.DisposeAsync();
        await _forward.StopAsync();
    }

    /// <summary>What is dropped is told on the log too: a dead letter without payload, behind what is left.</summary>
    private void Tell(ForwardDrop drop)
    {
        var now = _services.Time.GetUtcNow();
        var letter = new DeadLetter
        {
            Source = drop.Topic,
            SourcePartition = -1,
            SourceOffset = -1,
            Cause = "store-and-forward-full",
            Detail = string.Create(
                CultureInfo.InvariantCulture,
                $"{drop.Records} records, the newest of {DateTimeOffset.FromUnixTimeMilliseconds(drop.NewestMs):O}, were removed on {InstanceName.Lasting(_services.Options)} before they could be forwarded: Log:StoreAndForward:MaxBytes was reached and WhenFull is DropOldest."),
            Stage = "forward",
            RefusedAtUs = now.ToUnixTimeMilliseconds() * 1000,
        };
        var value = new byte[ConfluentFrame.HeaderBytes + letter.CalculateSize()];
        ConfluentFrame.WriteHeader(value, _services.Options.Bridge.DeadLetterSchemaId);
        letter.WriteTo(value.AsSpan(ConfluentFrame.HeaderBytes));
        try
        {
            // The counter and the log line are there already: where there is no room for it, nothing waits.
            _letters.TryAppend(
                new NewRecord
                {
                    Topic = LogTopics.DeadLetters, Key = System.Text.Encoding.UTF8.GetBytes(drop.Topic), Value = value, TimestampMs = now.ToUnixTimeMilliseconds(),
                },
                null,
                0);
        }
        catch (RecordLogException)
        {
            return;
        }
    }
}
