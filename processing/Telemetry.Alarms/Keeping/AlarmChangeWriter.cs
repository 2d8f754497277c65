using System.Globalization;
using System.Text;
using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Alarms.Keeping;

/// <summary>What a keeper tells: changes of alarms, refused commands, and inputs that are none. Collected until the next commit.</summary>
internal sealed class AlarmChangeWriter(AlarmsOptions options, int partition, KeeperCounts counts)
{
    private readonly List<FoldRecord> _records = [];
    private long _timeMs;
    private long _offset;
    private int _changes;

    public bool IsEmpty => _records.Count == 0;

    /// <summary>What follows is caused by this input.</summary>
    public void Begin(long offset, long timeMs) => (_offset, _timeMs, _changes) = (offset, timeMs, 0);

    /// <summary>An alarm has changed.</summary>
    public void Changed(Alarm alarm, AlarmStatus previous, AlarmTransition transition, long timeUs, AlarmCommand? command)
    {
        counts.Changes[(int)transition]++;
        alarm.Version++;
        Write(alarm.Clone(), previous, transition, timeUs, command, command?.Comment ?? "");
    }

    /// <summary>What a person wanted is not possible.</summary>
    public void Refused(Alarm alarm, AlarmCommand command, string why)
    {
        counts.Changes[(int)AlarmTransition.Refused]++;
        Write(alarm.Clone(), alarm.Status, AlarmTransition.Refused, _timeMs * 1000, command, why);
    }

    /// <summary>The changes of a device's alarms are deleted with it.</summary>
    public void Deleted(DeviceDeletion deletion) => _records.Add(FoldRecord.Of(LogTopics.Alarms, deletion, _timeMs));

    /// <summary>A record that is no input.</summary>
    public void Malformed(in LogRecord record, string detail)
    {
        counts.Malformed++;
        _records.Add(new FoldRecord(
            LogTopics.DeadLetters,
            Encoding.UTF8.GetBytes(record.Topic),
            FramedMessage.Write(
                new DeadLetter
                {
                    Payload = ByteString.CopyFrom(record.Value.Span),
                    Source = record.Topic,
                    SourcePartition = record.Partition,
                    SourceOffset = record.Offset,
                    Cause = "malformed",
                    Detail = "The record is not an alarm input: " + detail,
                    Stage = "alarms",
                    RefusedAtUs = _timeMs * 1000,
                },
                options.DeadLetterSchemaId),
            _timeMs));
    }

    /// <summary>Moves everything to a commit.</summary>
    public void Collect(FoldChanges changes)
    {
        changes.Outputs.AddRange(_records);
        _records.Clear();
    }

    private void Write(Alarm alarm, AlarmStatus previous, AlarmTransition transition, long timeUs, AlarmCommand? command, string comment)
    {
        var change = new AlarmChange
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{partition}-{_offset}-{_changes++}"),
            Alarm = alarm,
            Transition = transition,
            Previous = previous,
            TimeUs = timeUs,
            By = command?.By ?? "",
            Comment = comment,
            CommandId = command?.CommandId ?? "",
        };
        _records.Add(new FoldRecord(
            LogTopics.Alarms, Encoding.UTF8.GetBytes(alarm.Device), FramedMessage.Write(change, options.AlarmSchemaId), _timeMs));
    }
}
