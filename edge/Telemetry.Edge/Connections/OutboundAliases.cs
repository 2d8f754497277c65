namespace Telemetry.Edge.Connections;

/// <summary>
/// Topic aliases we set towards one client, first come, up to what it allows. [MQTT-3.1.2-26] Only the writer uses it.
/// </summary>
internal sealed class OutboundAliases(int maximum)
{
    private readonly Dictionary<byte[], ushort> _aliases = new(Utf8Comparer.Instance);

    /// <summary>The alias for a topic.</summary>
    /// <param name="topic">Topic name.</param>
    /// <param name="known">True when the client has it already, so that the name can be left out.</param>
    /// <returns>0 when there is none left.</returns>
    public ushort Get(ReadOnlySpan<byte> topic, out bool known)
    {
        known = _aliases.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var alias);
        return known ? alias : (ushort)(_aliases.Count < maximum ? _aliases.Count + 1 : 0);
    }

    /// <summary>The packet that sets the alias was written.</summary>
    public void Set(ReadOnlySpan<byte> topic, ushort alias) => _aliases[topic.ToArray()] = alias;
}

/// <summary>Compares UTF-8 topics byte by byte.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static Utf8Comparer Instance { get; } = new();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = default(HashCode);
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
}
