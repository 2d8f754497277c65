namespace Telemetry.Streams.StoreAndForward;

/// <summary>How far forwarding is.</summary>
/// <param name="Records">Records on disk that the target does not have yet.</param>
/// <param name="Bytes">About their bytes.</param>
/// <param name="Age">Age of the oldest; zero when there is none.</param>
/// <param name="DiskBytes">Bytes of the journal.</param>
/// <param name="DiskBytesMax">Most bytes it may take.</param>
/// <param name="Dropped">Records removed since the start without having been forwarded.</param>
public readonly record struct ForwardStatus(long Records, long Bytes, TimeSpan Age, long DiskBytes, long DiskBytesMax, long Dropped);

/// <summary>Records that were removed without having been forwarded.</summary>
/// <param name="Topic">Their topic.</param>
/// <param name="Records">How many.</param>
/// <param name="NewestMs">Time of the newest, milliseconds since 1970.</param>
public readonly record struct ForwardDrop(string Topic, long Records, long NewestMs);
