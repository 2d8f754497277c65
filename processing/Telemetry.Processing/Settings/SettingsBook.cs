using System.Globalization;
using System.Text;

namespace Telemetry.Processing.Settings;

/// <summary>What the settings topic says: versions, and where each is in force. Safe for concurrent use.</summary>
public sealed class SettingsBook
{
    /// <summary>Versions kept; with each new one the writer deletes what is beyond.</summary>
    public const int VersionsMax = 500;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<int, SettingsVersion> _versions = [];
    private readonly SortedSet<SettingsPin> _pins = new(Comparer<SettingsPin>.Create(static (a, b) =>
        (a.Partition, a.Offset, a.Group).CompareTo((b.Partition, b.Offset, b.Group))));
    private volatile SettingsVersion? _latest;

    /// <summary>The newest version this program can read; null: none was ever given.</summary>
    public SettingsVersion? Latest => _latest;

    /// <summary>Number of the newest version, readable or not; 0: none.</summary>
    public int LastNumber
    {
        get
        {
            lock (_gate)
            {
                return _versions.Count == 0 ? 0 : _versions.Keys.Last();
            }
        }
    }

    /// <summary>All versions kept, the newest first.</summary>
    public IReadOnlyList<SettingsVersion> Versions
    {
        get
        {
            lock (_gate)
            {
                return [.. _versions.Values.Reverse()];
            }
        }
    }

    /// <summary>All pins kept, by partition and offset.</summary>
    public IReadOnlyList<SettingsPin> Pins
    {
        get
        {
            lock (_gate)
            {
                return [.. _pins];
            }
        }
    }

    /// <summary>A version by its number; null: not kept.</summary>
    public SettingsVersion? Find(int number)
    {
        lock (_gate)
        {
            return _versions.GetValueOrDefault(number);
        }
    }

    /// <summary>The pins of one partition, in the order of their offsets.</summary>
    public IReadOnlyList<SettingsPin> PinsOf(string group, int partition)
    {
        lock (_gate)
        {
            return [.. _pins.Where(pin => pin.Group == group && pin.Partition == partition)];
        }
    }

    /// <summary>Takes one record of the topic; an empty value is a deletion.</summary>
    /// <exception cref="FormatException">A record of something else.</exception>
    public void Take(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value)
    {
        var text = Encoding.UTF8.GetString(key);
        if (text.StartsWith(SettingsPin.KeyPrefix, StringComparison.Ordinal))
        {
            TakePin(text, value);
        }
        else if (text.StartsWith(SettingsVersion.KeyPrefix, StringComparison.Ordinal))
        {
            TakeVersion(text, value);
        }
        else
        {
            throw new FormatException($"The settings topic holds a record with the key '{text}'; keys begin with version/ or pin/.");
        }
    }

    private void TakePin(string key, ReadOnlyMemory<byte> value)
    {
        var version = 0;
        if (!value.IsEmpty && !int.TryParse(value.Span, NumberStyles.None, CultureInfo.InvariantCulture, out version))
        {
            throw new FormatException($"The record {key} of the settings topic holds no version.");
        }

        var pin = SettingsPin.FromKey(key, version);
        lock (_gate)
        {
            _pins.Remove(pin);
            if (!value.IsEmpty)
            {
                _pins.Add(pin);
            }
        }
    }

    private void TakeVersion(string key, ReadOnlyMemory<byte> value)
    {
        var version = value.IsEmpty ? null : SettingsVersion.FromRecord(key, value);
        lock (_gate)
        {
            if (version is null)
            {
                if (_versions.Values.FirstOrDefault(v => v.Key == key) is { } deleted)
                {
                    _versions.Remove(deleted.Number);
                }

                return;
            }

            if (_versions.Count > 0 && version.Number != _versions.Keys.Last() + 1)
            {
                // Written beside another one that was first.
                return;
            }

            _versions[version.Number] = version;
            _latest = version.Settings is null ? _latest : version;
        }
    }
}
