using System.Globalization;
using System.Text;
using Google.Protobuf;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;

namespace Telemetry.Query.Alarms;

/// <summary>The alarms as their state topic has them. As many as the alarms role keeps, which is bounded there.</summary>
internal sealed class AlarmBook
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Alarm> _byId = [];
    private readonly string _epoch = Guid.NewGuid().ToString("N")[..8];
    private long _version;

    /// <summary>Tag of the whole; another one after each change.</summary>
    public string ETag
    {
        get
        {
            lock (_gate)
            {
                return string.Create(CultureInfo.InvariantCulture, $"\"{_epoch}-{_version}\"");
            }
        }
    }

    /// <summary>Begins anew, before the topic is read from its beginning.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _byId.Clear();
            _version++;
        }
    }

    /// <summary>Takes one record of the state topic. What is no alarm is passed over.</summary>
    public void Take(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.IsEmpty || key[0] != (byte)'a')
        {
            return;
        }

        var id = Encoding.UTF8.GetString(key[(key.LastIndexOf((byte)'/') + 1)..]);
        Alarm? alarm = null;
        try
        {
            alarm = value.IsEmpty ? null : AlarmState.Parser.ParseFrom(value).Alarm;
        }
        catch (InvalidProtocolBufferException)
        {
            // The keeper that reads it at its next start says so.
        }

        lock (_gate)
        {
            _version++;
            if (alarm is null)
            {
                _byId.Remove(id);
            }
            else
            {
                _byId[id] = alarm;
            }
        }
    }

    public Alarm? Find(string id)
    {
        lock (_gate)
        {
            return _byId.GetValueOrDefault(id);
        }
    }

    /// <summary>Those that ask for a person first, the highest priority and then the newest first.</summary>
    public IReadOnlyList<Alarm> List(Func<Alarm, bool> wanted)
    {
        lock (_gate)
        {
            return
            [
                .. _byId.Values.Where(wanted).OrderBy(static a => Rank(a.Status)).ThenByDescending(static a => a.Priority)
                    .ThenByDescending(static a => a.RaisedUs).ThenBy(static a => a.Id, StringComparer.Ordinal),
            ];
        }
    }

    private static int Rank(AlarmStatus status) => status switch
    {
        AlarmStatus.UnacknowledgedActive => 0,
        AlarmStatus.ReturnedUnacknowledged => 1,
        AlarmStatus.AcknowledgedActive => 2,
        _ when AlarmNames.IsStanding(status) => 3,
        AlarmStatus.Normal => 5,
        _ => 4,
    };
}
