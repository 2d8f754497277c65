namespace Telemetry.Contracts.Readings;

/// <summary>
/// What makes a reading itself and no other: device, boot id (random at each device start) and the device's own
/// sequence. Two readings with the same event id are the same reading, however often it was sent.
/// </summary>
/// <param name="Device">Device id.</param>
/// <param name="BootId">Random at each start of the device, never 0.</param>
/// <param name="Sequence">Counts readings from 1 within a boot.</param>
public readonly record struct EventId(string Device, ulong BootId, ulong Sequence);
