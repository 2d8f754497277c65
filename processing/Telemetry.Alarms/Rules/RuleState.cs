using System.Runtime.InteropServices;
using System.Text;
using Telemetry.Streams.State;

namespace Telemetry.Alarms.Rules;

/// <summary>What a rule remembers of one device, and of one sensor where it looks at sensors.</summary>
internal sealed class RuleState(string rule, string sensor)
{
    private const int GroupsMax = 64;
    private const int Active = 1;
    private const int WithValue = 2;
    private const int WithOther = 4;

    /// <summary>Name of the rule.</summary>
    public string Rule { get; } = rule;

    /// <summary>Empty: the device as such.</summary>
    public string Sensor { get; } = sensor;

    /// <summary>The condition holds, and the keeper was told.</summary>
    public bool IsActive { get; set; }

    /// <summary>Event time since which the limit is passed, or the value is the same; 0: it is not.</summary>
    public long SinceUs { get; set; }

    /// <summary>Newest event time taken, and the time of the record that brought it.</summary>
    public long TimeUs { get; set; }

    public long SeenMs { get; set; }

    /// <summary>The last value; of a stale sensor the one it stays at; of an expression that of the first sensor.</summary>
    public double Value { get; set; } = double.NaN;

    public long ValueUs { get; set; }

    /// <summary>Of an expression: the second sensor.</summary>
    public double Other { get; set; } = double.NaN;

    public long OtherUs { get; set; }

    /// <summary>Rate: values at earlier times, oldest first, a few within the window.</summary>
    public List<(long TimeUs, double Value)> Anchors { get; } = [];

    /// <summary>Groups that count this one as active.</summary>
    public List<string> Groups { get; } = [];

    public void Write(StateWriter writer)
    {
        writer.Bytes(Encoding.ASCII.GetBytes(Rule));
        writer.Bytes(Encoding.ASCII.GetBytes(Sensor));
        var (hasValue, hasOther) = (!double.IsNaN(Value), !double.IsNaN(Other));
        writer.Byte((byte)((IsActive ? Active : 0) | (hasValue ? WithValue : 0) | (hasOther ? WithOther : 0)));
        writer.ZigZag(SinceUs);
        writer.ZigZag(TimeUs);
        writer.ZigZag(SeenMs);
        writer.ZigZag(ValueUs);
        writer.ZigZag(OtherUs);
        if (hasValue)
        {
            writer.Fixed64(BitConverter.DoubleToUInt64Bits(Value));
        }

        if (hasOther)
        {
            writer.Fixed64(BitConverter.DoubleToUInt64Bits(Other));
        }

        writer.Varint((ulong)Anchors.Count);
        foreach (var (timeUs, value) in CollectionsMarshal.AsSpan(Anchors))
        {
            writer.ZigZag(timeUs);
            writer.Fixed64(BitConverter.DoubleToUInt64Bits(value));
        }

        writer.Varint((ulong)Math.Min(Groups.Count, GroupsMax));
        foreach (var group in Groups.Take(GroupsMax))
        {
            writer.Bytes(Encoding.ASCII.GetBytes(group));
        }
    }

    /// <exception cref="FormatException">Cut off.</exception>
    public static RuleState Read(ref StateReader reader)
    {
        var state = new RuleState(Encoding.ASCII.GetString(reader.Bytes()), Encoding.ASCII.GetString(reader.Bytes()));
        var flags = reader.Byte();
        state.IsActive = (flags & Active) != 0;
        state.SinceUs = reader.ZigZag();
        state.TimeUs = reader.ZigZag();
        state.SeenMs = reader.ZigZag();
        state.ValueUs = reader.ZigZag();
        state.OtherUs = reader.ZigZag();
        state.Value = (flags & WithValue) != 0 ? BitConverter.UInt64BitsToDouble(reader.Fixed64()) : double.NaN;
        state.Other = (flags & WithOther) != 0 ? BitConverter.UInt64BitsToDouble(reader.Fixed64()) : double.NaN;
        for (var left = reader.Count(9); left > 0; left--)
        {
            state.Anchors.Add((reader.ZigZag(), BitConverter.UInt64BitsToDouble(reader.Fixed64())));
        }

        for (var left = reader.Count(1); left > 0; left--)
        {
            state.Groups.Add(Encoding.ASCII.GetString(reader.Bytes()));
        }

        return state;
    }
}
