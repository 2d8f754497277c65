namespace Telemetry.Operations.Audit.Hourly;

/// <summary>An hour in which log and store differ.</summary>
/// <param name="Hour">Its begin.</param>
/// <param name="Log">Readings on the log.</param>
/// <param name="Raw">Rows of raw.</param>
/// <param name="RolledUp">Readings counted by the hourly rollup.</param>
/// <param name="Missing">Readings on the log that raw or the rollup has not, without those that dead letters hold.</param>
/// <param name="Excess">Readings of raw or the rollup that are not on the log, or there twice.</param>
/// <param name="ValuesDiffer">As many readings, but another sum of their values.</param>
public sealed record HourDifference(DateTimeOffset Hour, long Log, long Raw, long RolledUp, long Missing, long Excess, bool ValuesDiffer);
