using Telemetry.Contracts.V1;
using ReadingQuality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Query.Live;

/// <summary>Something a live client is told: a reading, or an anomaly or an incident when one of them is set.</summary>
/// <param name="TimeUs">Event time, microseconds since 1970.</param>
/// <param name="ClockAhead">True: the event time is in the future, so the device's clock is wrong.</param>
internal readonly record struct LiveItem(
    string Device, string Sensor, long TimeUs, double Value, ReadingQuality Quality, Anomaly? Anomaly = null, bool ClockAhead = false, Incident? Incident = null);
