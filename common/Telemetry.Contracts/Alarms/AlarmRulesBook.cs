using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>From which offset of a partition on rules are in force, as a record of the rules topic.</summary>
/// <param name="Group">Consumer group that applies them.</param>
/// <param name="Partition">Partition of its input.</param>
/// <param name="Offset">First offset under them.</param>
/// <param name="Fingerprints">
/// Fingerprints of the rules, separated by spaces: the last are in force. Several, when rules changed more than once before the next record: each
/// ends what no rule of it knows.
/// </param>
public readonly record struct RulesPin(string Group, int Partition, long Offset, string Fingerprints)
{
    /// <summary>Rules put in force at one offset that are told; of more the first are forgotten.</summary>
    public const int ChangesMax = 256;

    /// <summary>Pins of a partition that are kept; with the next the oldest is deleted.</summary>
    public const int KeptMax = 64;

    internal const string KeyPrefix = "pin/";

    /// <summary>The rules put in force here, one after the other.</summary>
    public IReadOnlyList<string> All => Fingerprints.Split(' ');

    /// <summary>The rules in force from here on.</summary>
    public string Fingerprint => All[^1];

    /// <summary>Key of its record; the value is the fingerprints in ASCII.</summary>
    public byte[] Key => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{KeyPrefix}{Group}/{Partition}/{Offset}"));
}

/// <summary>
/// What the topic of alarm rules says: the rules in force, the documents that were, and where each came into force. So the log itself says by which
/// rules every record was judged. Safe for concurrent use.
/// </summary>
public sealed class AlarmRulesBook
{
    /// <summary>Documents kept; with a new one the writer deletes the oldest.</summary>
    public const int DocumentsMax = 100;

    /// <summary>Writers wait for their own record: so many others may come into force meanwhile.</summary>
    private const int CountedMax = 64;

    /// <summary>Key of the rules in force in the releases that knew one writer; the last record counted.</summary>
    private const string SingleKey = "rules";
    private const string RulesPrefix = "rules/";
    private const string DocumentPrefix = "document/";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, AlarmRulesRecord> _documents = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ulong> _versions = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Group, int Partition, long Offset), string> _pins = new(
        Comparer<(string Group, int Partition, long Offset)>.Create(static (a, b) =>
            string.CompareOrdinal(a.Group, b.Group) is var order && order != 0 ? order : (a.Partition, a.Offset).CompareTo((b.Partition, b.Offset))));

    private readonly Queue<string> _counted = new();
    private ulong _version;

    /// <summary>Version in force, also of rules that this program cannot read; 0: nobody has put any.</summary>
    public ulong Version
    {
        get
        {
            lock (_gate)
            {
                return _version;
            }
        }
    }

    /// <summary>
    /// Takes one record of the topic; an empty value is a deletion. Of several records of one version, by writers that did not know of each other, the first
    /// on the log counts, for every reader.
    /// </summary>
    /// <returns>The rules that are put in force by it; null when it is about something else.</returns>
    /// <exception cref="InvalidProtocolBufferException">The record is none of this topic.</exception>
    public AlarmRulesRecord? Take(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var name = Encoding.UTF8.GetString(key);
        lock (_gate)
        {
            if (name == SingleKey || name.StartsWith(RulesPrefix, StringComparison.Ordinal))
            {
                return TakeRules(name, value);
            }

            if (name.StartsWith(DocumentPrefix, StringComparison.Ordinal))
            {
                TakeDocument(name[DocumentPrefix.Length..], value);
            }
            else if (name.StartsWith(RulesPin.KeyPrefix, StringComparison.Ordinal))
            {
                TakePin(name.Split('/'), value);
            }
        }

        return null;
    }

    /// <summary>A key for rules that are to be put in force: every attempt has one of its own.</summary>
    public static byte[] NewKey(AlarmRulesRecord rules) =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{RulesPrefix}{rules.Version}/{Guid.CreateVersion7():N}"));

    /// <summary>True if the rules of a key came into force, one of the last so many; asked when the topic has been read beyond it.</summary>
    public bool HasCounted(ReadOnlySpan<byte> key)
    {
        lock (_gate)
        {
            return _counted.Contains(Encoding.UTF8.GetString(key));
        }
    }

    /// <summary>
    /// What a writer appends to put rules in force, in this order. They are in force if they are of the version after the one in force, and no other writer's
    /// record of that version comes first: see <see cref="HasCounted"/>. If not, the writer deletes its key.
    /// </summary>
    /// <param name="rules">The rules.</param>
    /// <param name="key">Their key, by <see cref="NewKey"/>.</param>
    public IReadOnlyList<(byte[] Key, byte[] Value)> RecordsOf(AlarmRulesRecord rules, byte[] key)
    {
        var fingerprint = FingerprintOf(rules.Document.Span);
        lock (_gate)
        {
            var documents = _documents.Where(d => d.Key != fingerprint).OrderByDescending(d => d.Value.Version).Skip(DocumentsMax - 1).Select(d => DocumentPrefix + d.Key);
            var former = _versions.Where(v => v.Value < rules.Version).Select(v => v.Key);
            return
            [
                DocumentOf(rules),
                (key, rules.ToByteArray()),
                .. documents.Concat(former).Select(name => (Encoding.UTF8.GetBytes(name), Array.Empty<byte>())),
            ];
        }
    }

    /// <summary>The record that keeps a document, so that pins of it are understood.</summary>
    public static (byte[] Key, byte[] Value) DocumentOf(AlarmRulesRecord rules) =>
        (Encoding.ASCII.GetBytes(DocumentPrefix + FingerprintOf(rules.Document.Span)), rules.ToByteArray());

    /// <summary>Rules by their fingerprint; null: not kept any more.</summary>
    public AlarmRules? Find(string fingerprint)
    {
        if (fingerprint == AlarmRules.Default.Fingerprint)
        {
            return AlarmRules.Default;
        }

        lock (_gate)
        {
            return _documents.TryGetValue(fingerprint, out var record) ? AlarmRulesReader.Read(record.Document.Memory, out _) : null;
        }
    }

    /// <summary>The pins of one partition, in the order of their offsets.</summary>
    public IReadOnlyList<RulesPin> PinsOf(string group, int partition)
    {
        lock (_gate)
        {
            return
            [
                .. _pins.Where(p => p.Key.Group == group && p.Key.Partition == partition)
                    .Select(p => new RulesPin(group, partition, p.Key.Offset, p.Value)),
            ];
        }
    }

    /// <summary>Tells documents apart: the beginning of their SHA-256, hexadecimal.</summary>
    public static string FingerprintOf(ReadOnlySpan<byte> document) => Convert.ToHexStringLower(SHA256.HashData(document))[..16];

    private AlarmRulesRecord? TakeRules(string key, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            _versions.Remove(key);
            return null;
        }

        var record = AlarmRulesRecord.Parser.ParseFrom(value);
        _versions[key] = record.Version;
        if (record.Version < _version || (record.Version == _version && !_counted.Contains(key)))
        {
            return null;
        }

        _version = record.Version;
        _counted.Enqueue(key);
        if (_counted.Count > CountedMax)
        {
            _counted.Dequeue();
        }

        return record;
    }

    private void TakeDocument(string fingerprint, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            _documents.Remove(fingerprint);
        }
        else
        {
            _documents[fingerprint] = AlarmRulesRecord.Parser.ParseFrom(value);
        }
    }

    private void TakePin(string[] parts, ReadOnlySpan<byte> value)
    {
        if (parts.Length < 4
            || !int.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            || !long.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            return;
        }

        var key = (string.Join('/', parts[1..^2]), partition, offset);
        if (value.IsEmpty)
        {
            _pins.Remove(key);
        }
        else
        {
            _pins[key] = Encoding.ASCII.GetString(value);
        }
    }
}
