namespace Telemetry.Processing.Detectors;

/// <summary>The incident of a series after a reading; all of it at <see cref="IncidentPhase.Ended"/>.</summary>
/// <param name="Phase">What the reading did.</param>
/// <param name="StartMicros">Event time of the first alert, microseconds since 1970.</param>
/// <param name="PeakMicros">Event time of the largest excursion so far.</param>
/// <param name="PeakValue">The value there.</param>
/// <param name="PeakExcursion">Distance of the fast from the slow mean there.</param>
/// <param name="Usual">The series' usual largest excursion when the incident opened.</param>
/// <param name="LeastPValue">Least p-value of the alerts so far.</param>
/// <param name="Alerts">Alerts so far.</param>
public readonly record struct Incident(
    IncidentPhase Phase,
    long StartMicros,
    long PeakMicros,
    double PeakValue,
    double PeakExcursion,
    double Usual,
    double LeastPValue,
    int Alerts);
