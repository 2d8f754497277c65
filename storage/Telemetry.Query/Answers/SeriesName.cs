namespace Telemetry.Query.Answers;

/// <summary>A sensor of a device.</summary>
internal readonly record struct SeriesName(string Device, string Sensor);
