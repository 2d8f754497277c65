namespace Telemetry.SchemaRegistry.Cache;

/// <summary>What is kept of one registry.</summary>
/// <param name="Registered">Subject to the id of our schema, with the hash of its text.</param>
/// <param name="Texts">Id to the text behind it; null: the registry has none, or it is no Protobuf.</param>
internal sealed record CachedSchemas(
    IReadOnlyDictionary<string, CachedId> Registered, IReadOnlyDictionary<int, string?> Texts)
{
    public static CachedSchemas Empty { get; } = new(new Dictionary<string, CachedId>(), new Dictionary<int, string?>());

    /// <summary>Both; of what both have, this one's.</summary>
    public CachedSchemas Over(CachedSchemas other, int schemasMax)
    {
        var registered = new Dictionary<string, CachedId>(other.Registered);
        foreach (var (subject, id) in Registered)
        {
            registered[subject] = id;
        }

        // Ours first: what another process has filled the cache with must not push ours out.
        var texts = new Dictionary<int, string?>(Texts);
        foreach (var (id, text) in other.Texts)
        {
            if (texts.Count < schemasMax)
            {
                texts.TryAdd(id, text);
            }
        }

        return new CachedSchemas(registered, texts);
    }
}

/// <param name="Id">Id the registry gave.</param>
/// <param name="Hash">SHA-256 of the text it was given for.</param>
internal sealed record CachedId(int Id, string Hash);
