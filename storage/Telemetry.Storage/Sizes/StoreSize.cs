namespace Telemetry.Storage.Sizes;

/// <summary>What the store takes on disk. On a cluster the figures are those of all replicas together.</summary>
/// <param name="At">When it was asked.</param>
/// <param name="Readings">Rows of <c>readings</c>, marker rows among them (one for each INSERT, log partition and month).</param>
/// <param name="Bytes">Bytes of all parts in use, all tables.</param>
/// <param name="Parts">Parts in use.</param>
/// <param name="Files">Files of the parts in use.</param>
/// <param name="Replaced">Parts that merges have replaced and that are still on disk: they go after <c>old_parts_lifetime</c>.</param>
/// <param name="Disks">Where the parts are.</param>
/// <param name="Tables">All tables, the largest first.</param>
public sealed record StoreSize(
    DateTimeOffset At, long Readings, long Bytes, long Parts, long Files, ReplacedParts Replaced, IReadOnlyList<DiskSize> Disks, IReadOnlyList<TableSize> Tables);

/// <summary>Parts that are not in use any more and still on disk.</summary>
public sealed record ReplacedParts(long Parts, long Files, long Bytes);

/// <summary>A disk of the store.</summary>
/// <param name="Disk">Its name.</param>
/// <param name="Kind">Local, ObjectStorage or the like.</param>
/// <param name="Bytes">Bytes of parts on it, replaced ones included.</param>
/// <param name="FreeBytes">Free bytes; null where the disk does not say (object storage).</param>
/// <param name="TotalBytes">Its size in bytes; null where the disk does not say.</param>
public sealed record DiskSize(string Disk, string Kind, long Bytes, long? FreeBytes, long? TotalBytes);

/// <summary>A table on disk.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Rows">Rows, marker rows included.</param>
/// <param name="Bytes">Bytes of parts in use, with indices and marks.</param>
/// <param name="UncompressedBytes">Bytes of its columns before compression.</param>
/// <param name="BytesPerRow">Bytes a row; null without rows.</param>
/// <param name="BytesPerReading">Bytes for each row of <c>readings</c> that the store holds; null while there is none.</param>
/// <param name="Parts">Parts in use.</param>
/// <param name="Files">Files of the parts in use.</param>
/// <param name="Oldest">Oldest event time or bucket; null where the table is not by time.</param>
/// <param name="Newest">Newest event time or bucket; null where the table is not by time.</param>
/// <param name="Replaced">Parts of it that merges have replaced and that are still on disk.</param>
/// <param name="Columns">Its columns, the largest first.</param>
public sealed record TableSize(
    string Table, long Rows, long Bytes, long UncompressedBytes, double? BytesPerRow, double? BytesPerReading, long Parts, long Files, DateTimeOffset? Oldest,
    DateTimeOffset? Newest, ReplacedParts Replaced, IReadOnlyList<ColumnSize> Columns);

/// <summary>
/// A column on disk. The engine knows the bytes of a column only in parts that keep each column in a file of its own ("wide", from 10 MB on), so these
/// figures are of those parts.
/// </summary>
/// <param name="Column">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Codec">How it is compressed: as declared, empty for the engine's default.</param>
/// <param name="Rows">Rows of wide parts.</param>
/// <param name="Bytes">Bytes in wide parts, with marks.</param>
/// <param name="BytesPerRow">Bytes a row; null while no part is wide.</param>
public sealed record ColumnSize(string Column, string Type, string Codec, long Rows, long Bytes, double? BytesPerRow);
