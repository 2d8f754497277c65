using static Telemetry.Query.OpenApi.Shape;

namespace Telemetry.Query.OpenApi;

/// <summary>What the endpoints about the store's size answer.</summary>
internal static class StoreShapes
{
    private static readonly Shape Moment = Time.OrNull();
    private static readonly Shape Share = Number.OrNull();

    private static readonly Shape Replaced = Named("ReplacedParts", ("parts", Integer), ("files", Integer), ("bytes", Integer));

    private static readonly Shape Column = Named(
        "ColumnSize",
        ("column", Text), ("type", Text), ("codec", Text), ("rows", Integer.Says("Rows of wide parts.")), ("bytes", Integer.Says("Bytes in wide parts.")), ("bytesPerRow", Share));

    /// <summary>Of <c>store-size</c>.</summary>
    public static readonly Shape Size = Named(
        "StoreSize",
        ("at", Time), ("readings", Integer), ("bytes", Integer), ("parts", Integer), ("files", Integer), ("replaced", Replaced),
        ("disks", List(Named("DiskSize", ("disk", Text), ("kind", Text), ("bytes", Integer), ("freeBytes", Integer.OrNull()), ("totalBytes", Integer.OrNull())))),
        ("tables", List(Named(
            "TableSize",
            ("table", Text), ("rows", Integer), ("bytes", Integer), ("uncompressedBytes", Integer), ("bytesPerRow", Share), ("bytesPerReading", Share), ("parts", Integer), ("files", Integer),
            ("oldest", Moment), ("newest", Moment), ("replaced", Replaced), ("columns", List(Column))))));

    /// <summary>Of <c>store-plan</c>.</summary>
    public static readonly Shape Plan = Named(
        "StorePlan",
        ("readingsPerDay", Number), ("readings", Number), ("bytes", Number), ("bytesPerReading", Number), ("writtenBytesPerDay", Number),
        ("tables", List(Named("PlannedTable", ("table", Text), ("keptDays", Number), ("rows", Number), ("bytesPerRow", Number), ("bytes", Number)))), ("daysThatFit", Share), ("measuredBy", Text));
}
