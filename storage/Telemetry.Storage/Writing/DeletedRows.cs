namespace Telemetry.Storage.Writing;

/// <summary>The rows that a deletion takes out of the tables of a stream.</summary>
/// <param name="Condition">SQL with placeholders.</param>
/// <param name="Parameters">Values of the placeholders.</param>
internal sealed record DeletedRows(string Condition, IReadOnlyList<KeyValuePair<string, string>> Parameters)
{
    /// <summary>All rows of a device.</summary>
    public static DeletedRows Of(string device) => new("device = {device:String}", [new("device", device)]);

    /// <summary>The statement that takes them out of a table; it returns before they are gone.</summary>
    public string Statement(string table) => $"ALTER TABLE {table} DELETE WHERE {Condition} SETTINGS mutations_sync = 0";
}
