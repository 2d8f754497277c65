using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Edge.Security.Limits;

/// <summary>
/// Who gave wrong credentials too often waits before the next try is looked at: by address, by user, and, soonest, by both together. The table
/// has an end; the pair that was not heard of for the longest time is forgotten for a new one.
/// </summary>
/// <param name="entriesMax">Most addresses, users and pairs remembered.</param>
/// <param name="time">Clock.</param>
internal sealed class FailureBackoff(int entriesMax, TimeProvider time)
{
    // A person mistypes a few times; a fleet behind one address may have many wrong devices; guessing one user from everywhere stays slow.
    private const double PairBurst = 5;
    private const double PairPerSecond = 0.1;
    private const double AddressBurst = 200;
    private const double AddressPerSecond = 5;
    private const double UserBurst = 50;
    private const double UserPerSecond = 0.5;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly long _origin = time.GetTimestamp();

    /// <summary>Entries remembered now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>True when this address may try this user now.</summary>
    public bool MayTry(IPAddress address, string user)
    {
        var now = Now();
        lock (_gate)
        {
            var place = KeyOf('a', address, "");
            // Guesses from everywhere must not lock the user itself out: an address with no failure is always heard.
            return Has(KeyOf('p', address, user), now) && Has(place, now)
                && (Has(KeyOf('u', null, user), now) || !_entries.ContainsKey(place));
        }
    }

    /// <summary>The credentials were wrong.</summary>
    public void Failed(IPAddress address, string user)
    {
        var now = Now();
        lock (_gate)
        {
            Take(KeyOf('p', address, user), PairPerSecond, PairBurst, now);
            Take(KeyOf('a', address, ""), AddressPerSecond, AddressBurst, now);
            Take(KeyOf('u', null, user), UserPerSecond, UserBurst, now);
        }
    }

    /// <summary>The credentials were right: the pair starts anew.</summary>
    public void Succeeded(IPAddress address, string user)
    {
        lock (_gate)
        {
            if (_entries.Remove(KeyOf('p', address, user), out var node))
            {
                _byUse.Remove(node);
            }
        }
    }

    private bool Has(UInt128 key, long now) => !_entries.TryGetValue(key, out var node) || node.ValueRef.Bucket.Has(now);

    private void Take(UInt128 key, double perSecond, double burst, long now)
    {
        if (_entries.TryGetValue(key, out var node))
        {
            _byUse.Remove(node);
        }
        else
        {
            if (_entries.Count >= entriesMax)
            {
                _entries.Remove(_byUse.First!.Value.Key);
                _byUse.RemoveFirst();
            }

            node = new LinkedListNode<Entry>(new Entry { Key = key, Bucket = new TokenBucket(perSecond, burst, now) });
            _entries.Add(key, node);
        }

        node.ValueRef.Bucket.TryTake(now);
        _byUse.AddLast(node);
    }

    /// <summary>A digest under a secret: names of any length take the same room, and nobody can make two that meet.</summary>
    private UInt128 KeyOf(char kind, IPAddress? address, string user)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _secret);
        hash.AppendData([(byte)kind]);
        hash.AppendData(address is null ? [] : address.GetAddressBytes());
        hash.AppendData("|"u8);
        hash.AppendData(Encoding.UTF8.GetBytes(user));
        return BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset());
    }

    private long Now() => (long)time.GetElapsedTime(_origin).TotalMilliseconds;

    private struct Entry
    {
        public UInt128 Key;
        public TokenBucket Bucket;
    }
}
