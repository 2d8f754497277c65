using Telemetry.Alarms.Machine;
using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Keeping;

/// <summary>What conditions, acts and persons leave on an alarm for people to read.</summary>
internal static class AlarmWords
{
    /// <summary>The condition as it is now.</summary>
    public static void Describe(Alarm alarm, AlarmCondition condition)
    {
        alarm.Kind = condition.Kind;
        alarm.Priority = condition.Priority;
        alarm.Text = condition.Text;
        alarm.Unit = condition.Unit;
        alarm.EventTimeUs = condition.EventTimeUs;
        alarm.IncidentId = condition.IncidentId;
        alarm.Severity = condition.Severity;
        if (condition.HasValue)
        {
            alarm.Value = condition.Value;
        }
        else
        {
            alarm.ClearValue();
        }
    }

    /// <summary>What a person said.</summary>
    public static void Note(Alarm alarm, AlarmCommand command)
    {
        if (command.Comment.Length > 0)
        {
            (alarm.Comment, alarm.CommentBy) = (command.Comment, command.By);
        }
    }

    /// <summary>Who did what when.</summary>
    /// <param name="alarm">The alarm.</param>
    /// <param name="next">Its mode after the act.</param>
    /// <param name="act">The act.</param>
    /// <param name="timeUs">When.</param>
    /// <param name="command">What a person wanted; null: nobody did.</param>
    /// <param name="by">The alarm that suppresses it, where one does.</param>
    public static void Write(Alarm alarm, AlarmMode next, AlarmAct act, long timeUs, AlarmCommand? command, string by)
    {
        if (command is not null)
        {
            Note(alarm, command);
        }

        switch (act)
        {
            case AlarmAct.Raise:
                (alarm.RaisedUs, alarm.ClearedUs, alarm.AcknowledgedUs, alarm.AcknowledgedBy) = (timeUs, 0, 0, "");
                alarm.Occurrences++;
                break;
            case AlarmAct.Clear:
                alarm.ClearedUs = timeUs;
                break;
            case AlarmAct.Acknowledge:
                (alarm.AcknowledgedUs, alarm.AcknowledgedBy) = (timeUs, command!.By);
                break;
            case AlarmAct.Shelve:
                (alarm.ShelvedUntilUs, alarm.InhibitedBy) = (command!.UntilUs, command.By);
                break;
            case AlarmAct.TakeOutOfService:
                alarm.InhibitedBy = command!.By;
                break;
            case AlarmAct.BeginFlapping:
                alarm.InhibitedBy = "flapping";
                break;
            case AlarmAct.BeginDesigned:
                alarm.InhibitedBy = by;
                break;
            default:
                break;
        }

        if (!next.Inhibits.HasFlag(AlarmInhibits.Shelved))
        {
            alarm.ShelvedUntilUs = 0;
        }

        if (next.Inhibits == AlarmInhibits.None)
        {
            alarm.InhibitedBy = "";
        }

        alarm.ChangedUs = timeUs;
    }
}
