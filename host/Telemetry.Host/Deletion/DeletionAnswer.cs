namespace Telemetry.Host.Deletion;

/// <summary>What became of an order to delete a device's data.</summary>
/// <param name="Device">Whose data.</param>
/// <param name="Readings">Raw readings that were stored when it was ordered.</param>
/// <param name="Done">True: the store holds nothing of it any more. False: it is ordered, and is done when the roles come to it.</param>
/// <param name="Waiting">Topics of the log whose records are not deleted from the store yet.</param>
/// <param name="Retained">Retained MQTT messages that were removed.</param>
/// <param name="CatalogueEntries">Catalogue entries that were removed.</param>
/// <param name="Rules">Alarm rules that name this device alone. They stay: people wrote them.</param>
internal sealed record DeletionAnswer(
    string Device, long Readings, bool Done, IReadOnlyList<string> Waiting, int Retained, int CatalogueEntries, IReadOnlyList<string> Rules);
