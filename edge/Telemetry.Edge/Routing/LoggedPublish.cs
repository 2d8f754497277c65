using System.Text;
using Telemetry.Edge.Durability;
using Telemetry.Edge.Messages;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Routing;

/// <summary>
/// One publish on its way through the log. What it does is decided when it arrives and written in one record; it is delivered, and
/// answered, when that is durable.
/// </summary>
internal sealed class LoggedPublish(PublishLog log, PublishLane lane, Message message, Recipient[] recipients, Session? publisher)
    : IBrokerLogCompletion
{
    private const ulong MessagePart = 0;
    private const ulong RetainedPart = 1;

    private string _sender = "";
    private IPublishAnswer? _answer;
    private ulong _state;
    private PublisherMark _mark;
    private MessageOrigin? _origin;
    private Exception? _error;
    private int _parts = 1;

    public Message Message { get; } = message;

    /// <summary>Every record it made has been answered.</summary>
    public bool IsDone => Volatile.Read(ref _parts) == 0;

    /// <summary>What the sender hears when all goes well.</summary>
    public ReasonCode Code { get; set; }

    /// <summary>Only its recipients get it, not everyone who subscribes to its topic on some node.</summary>
    public bool IsListedOnly { get; init; }

    /// <summary>Shared groups have chosen: other nodes pass theirs over.</summary>
    public bool HasGroups { get; init; }

    /// <summary>Its sender was answered before the log was: should the log not take it, it lives on in memory.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>A sentence for the sender.</summary>
    public string? Reason { get; set; }

    /// <summary>Keeps it as the retained message of its topic. The caller holds the lane's gate: memory and log change in one order.</summary>
    public void AppendRetained(AppendLane retained, WallClock clock)
    {
        Interlocked.Increment(ref _parts);
        var writer = RecordWriter.OfThread;
        if (!Message.Content.Payload.IsEmpty)
        {
            RetainedRecord.Write(writer, Message, clock.ToUnixMs(Message.ExpiresAt));
        }

        retained.Append(Message.Topic, writer.Written, this, RetainedPart);
    }

    /// <summary>Sends it on its way.</summary>
    /// <param name="answer">Told in the end; null when nobody asks.</param>
    /// <param name="state">Handed to the answer.</param>
    /// <param name="packetIdentifier">Of a QoS 2 publish, to be known again after a restart; else 0.</param>
    /// <param name="publisherId">Client id that gives it its place among others.</param>
    public void Start(IPublishAnswer? answer, ulong state, ushort packetIdentifier, string publisherId)
    {
        (_answer, _state) = (answer, state);
        _mark = packetIdentifier != 0 && publisher?.Keep is { } keep
            ? new PublisherMark(publisher.ClientId, keep.Incarnation, keep.Epoch, packetIdentifier)
            : PublisherMark.None;
        _sender = publisher?.ClientId ?? "";
        var writer = Encode();
        publisher?.CountLogged(1);
        lock (lane.Appends.Gate)
        {
            lane.Enqueue(this);
            if (writer is not null)
            {
                Interlocked.Increment(ref _parts);
                lane.Appends.Append(Encoding.UTF8.GetBytes(publisherId), writer.Written, this, MessagePart);
            }
        }

        Finished();
    }

    /// <inheritdoc/>
    public void Appended(long offset, Exception? error, ulong state)
    {
        if (error is not null)
        {
            _error = error;
        }
        else if (state == MessagePart)
        {
            _origin = new MessageOrigin(lane.Appends.Partition, offset);
        }

        Finished();
    }

    /// <summary>It is durable, or has failed; its turn has come.</summary>
    public void Deliver()
    {
        if (_error is null && !log.IsShared)
        {
            Message.Origin = _origin;
            log.Delivered(this, recipients, _origin);
        }
        else if (_error is not null && IsAnswered)
        {
            log.DeliverUnlogged(Message, recipients);
        }

        var reason = _error is BrokerLogException { IsTooLarge: true } tooLarge ? tooLarge.Message : Reason;
        _answer?.Published(
            _error is null ? Code : _error is BrokerLogException { IsTooLarge: true } ? ReasonCode.QuotaExceeded : null,
            reason,
            _state,
            _mark.PacketIdentifier == 0 ? null : _origin);
        _origin?.Finish();
        publisher?.CountLogged(-1);
    }

    private void Finished()
    {
        if (Interlocked.Decrement(ref _parts) == 0)
        {
            lane.Deliver();
        }
    }

    /// <returns>Null when no session that survives gets it and no identifier is to be known again.</returns>
    private RecordWriter? Encode()
    {
        // On a log of several nodes every message is written: that is how the others hear of it.
        var writer = log.IsShared ? Begin() : null;
        foreach (var recipient in recipients)
        {
            var session = (Session)recipient.Subscriber;
            var qos = Math.Min(Message.Qos, recipient.Qos);
            var isListed = session.Keep is not null && qos > 0;
            if (!isListed && !(log.IsShared && recipient.IsShared))
            {
                continue;
            }

            writer ??= Begin();
            PublishRecord.Add(writer, new DurableRecipient(
                session.ClientId, session.Keep?.Incarnation ?? 0, qos, Message.Retain && recipient.RetainAsPublished, recipient.Identifier, recipient.MoreIdentifiers));
        }

        return writer;
    }

    private RecordWriter Begin()
    {
        var writer = RecordWriter.OfThread;
        PublishRecord.Write(writer, Message, log.Clock.ToUnixMs(Message.ExpiresAt), _mark, _sender, IsListedOnly, HasGroups);
        return writer;
    }
}
