using System.Text;
using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Rollups;

/// <summary>A series of a block, or a marker row, which has a name of its own.</summary>
internal struct RollupSeries
{
    /// <summary>Device of every marker row.</summary>
    public static readonly byte[] MarkerDevice = NameTable.Encode("$sink"u8);

    /// <summary>Device of every row of all devices.</summary>
    public static readonly byte[] FleetDevice = NameTable.Encode("$fleet"u8);

    /// <summary>Length byte and name.</summary>
    public byte[] Sensor;

    /// <summary>Length byte and name.</summary>
    public byte[] Device;

    /// <summary>Numbers of both names in the block: <see cref="SeriesTable.Sensors"/>, <see cref="SeriesTable.Devices"/>.</summary>
    public int SensorName;
    public int DeviceName;

    /// <summary>Readings; of a marker the offsets it covers.</summary>
    public ulong Count;

    /// <summary>First offset covered; 0 of a series.</summary>
    public ulong MarkFirst;

    /// <summary>Last offset covered; 0 of a series.</summary>
    public ulong MarkLast;

    /// <summary>The newest reading, finite or not.</summary>
    public long LastTime;
    public ulong LastSequence;
    public double LastValue;
    public byte LastQuality;

    /// <summary>The minute that the last reading went to: index and start.</summary>
    public int Minute;
    public uint MinuteStart;

    /// <summary>Number of the sensor at all devices; -1 of a marker, and of that itself.</summary>
    public int Fleet;

    public RollupSeries(byte[] sensor, byte[] device)
    {
        Sensor = sensor;
        Device = device;
        LastTime = -1;
        Minute = -1;
        Fleet = -1;
    }

    /// <summary>A marker row counts as many as the offsets it covers; the rest of it is as of one reading, which nobody reads.</summary>
    public static RollupSeries Of(in Marker marker) => new(NameTable.Encode(Encoding.UTF8.GetBytes(marker.Sensor)), MarkerDevice)
    {
        MarkFirst = (ulong)marker.First,
        MarkLast = (ulong)marker.Last,
    };

    /// <summary>Takes a reading if it is the newest so far: by time, then the device's number, then value and quality, as tuples compare in the engine.</summary>
    public void Offer(long time, ulong sequence, double value, byte quality)
    {
        if (time < LastTime || (time == LastTime && !IsAfter(sequence, value, quality)))
        {
            return;
        }

        (LastTime, LastSequence, LastValue, LastQuality) = (time, sequence, value, quality);
    }

    private readonly bool IsAfter(ulong sequence, double value, byte quality)
    {
        if (sequence != LastSequence)
        {
            return sequence > LastSequence;
        }

        // CompareTo puts NaN before all numbers, as the engine does in a maximum.
        var order = value.CompareTo(LastValue);
        return order != 0 ? order > 0 : quality > LastQuality;
    }
}
