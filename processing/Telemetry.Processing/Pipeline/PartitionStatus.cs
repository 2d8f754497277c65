namespace Telemetry.Processing;

/// <summary>Where one partition stands, as of its last commit.</summary>
/// <param name="Partition">Partition of the readings topic.</param>
/// <param name="IsReady">False while its state is being restored.</param>
/// <param name="Committed">Next offset to process.</param>
/// <param name="Watermark">Event time up to which readings are expected to be there; null before the first.</param>
/// <param name="IsIdle">No record for a while: the watermark says nothing about freshness.</param>
/// <param name="Devices">Devices with state.</param>
/// <param name="Series">Series with state.</param>
/// <param name="DevicesDirty">Devices changed since their state was last written.</param>
/// <param name="ReplayRecords">Offsets a restart would replay.</param>
/// <param name="DevicesEvicted">Devices that lost their state to the bounds, since start.</param>
/// <param name="SeriesEvicted">Series that made room for another of their device after a day without a reading, since start.</param>
/// <param name="StateBytes">State of series, and readings that wait to be judged, in bytes.</param>
public sealed record PartitionStatus(
    int Partition,
    bool IsReady,
    long Committed,
    DateTimeOffset? Watermark,
    bool IsIdle,
    int Devices,
    int Series,
    int DevicesDirty,
    long ReplayRecords,
    long DevicesEvicted,
    long SeriesEvicted,
    long StateBytes);
