namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>
/// The topics that edge nodes publish to: <c>spBv1.0/{group}/{verb}/{edge}[/{device}]</c>. [tck-id-topic-structure]
/// STATE, NCMD, DCMD and verbs that are not known are no readings: they stay ordinary publish and subscribe.
/// </summary>
internal readonly ref struct SparkplugTopic
{
    /// <summary>Longest group, edge node and device id taken, in bytes. The specification has no limit.</summary>
    public const int IdBytesMax = 256;

    /// <summary>Longest key of an edge node on the log, in bytes.</summary>
    public const int KeyBytesMax = (2 * IdBytesMax) + 1;

    public SparkplugVerb Verb { get; private init; }

    public ReadOnlySpan<byte> Group { get; private init; }

    public ReadOnlySpan<byte> Edge { get; private init; }

    /// <summary>Empty in messages of the node.</summary>
    public ReadOnlySpan<byte> Device { get; private init; }

    public static ReadOnlySpan<byte> Prefix => "spBv1.0/"u8;

    private static ReadOnlySpan<byte> StatePrefix => "spBv1.0/STATE/"u8;

    /// <summary>True for topics with a verb that carries readings, births or deaths, whatever else is wrong with them.</summary>
    public static bool IsData(ReadOnlySpan<byte> topic)
    {
        if (!topic.StartsWith(Prefix) || topic.StartsWith(StatePrefix))
        {
            return false;
        }

        NextLevel(topic[Prefix.Length..], out var rest);
        return VerbOf(NextLevel(rest, out _)) != SparkplugVerb.None;
    }

    /// <summary>False: no data verb, wrong number of levels, or an id that is empty or too long.</summary>
    public static bool TryParse(ReadOnlySpan<byte> topic, out SparkplugTopic parsed)
    {
        parsed = default;
        if (!topic.StartsWith(Prefix) || topic.StartsWith(StatePrefix))
        {
            return false;
        }

        var group = NextLevel(topic[Prefix.Length..], out var rest);
        var verb = VerbOf(NextLevel(rest, out rest));
        var edge = NextLevel(rest, out rest, out var hasDevice);
        var device = rest;
        var wantsDevice = verb is SparkplugVerb.DBirth or SparkplugVerb.DData or SparkplugVerb.DDeath;
        if (verb == SparkplugVerb.None || !IsId(group) || !IsId(edge) || hasDevice != wantsDevice
            || (wantsDevice && (!IsId(device) || device.Contains((byte)'/'))))
        {
            return false;
        }

        parsed = new SparkplugTopic { Verb = verb, Group = group, Edge = edge, Device = device };
        return true;
    }

    /// <summary>Key of the edge node on the log: <c>{group}/{edge}</c>, its edge node descriptor. Returns the length.</summary>
    public int WriteKey(Span<byte> key)
    {
        Group.CopyTo(key);
        key[Group.Length] = (byte)'/';
        Edge.CopyTo(key[(Group.Length + 1)..]);
        return Group.Length + 1 + Edge.Length;
    }

    private static bool IsId(ReadOnlySpan<byte> id) => id.Length is > 0 and <= IdBytesMax;

    private static ReadOnlySpan<byte> NextLevel(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> rest) => NextLevel(topic, out rest, out _);

    private static ReadOnlySpan<byte> NextLevel(ReadOnlySpan<byte> topic, out ReadOnlySpan<byte> rest, out bool hasMore)
    {
        var slash = topic.IndexOf((byte)'/');
        hasMore = slash >= 0;
        rest = hasMore ? topic[(slash + 1)..] : default;
        return hasMore ? topic[..slash] : topic;
    }

    private static SparkplugVerb VerbOf(ReadOnlySpan<byte> level) => level.Length switch
    {
        5 when level.SequenceEqual("NDATA"u8) => SparkplugVerb.NData,
        5 when level.SequenceEqual("DDATA"u8) => SparkplugVerb.DData,
        6 when level.SequenceEqual("NBIRTH"u8) => SparkplugVerb.NBirth,
        6 when level.SequenceEqual("DBIRTH"u8) => SparkplugVerb.DBirth,
        6 when level.SequenceEqual("NDEATH"u8) => SparkplugVerb.NDeath,
        6 when level.SequenceEqual("DDEATH"u8) => SparkplugVerb.DDeath,
        _ => SparkplugVerb.None,
    };
}
