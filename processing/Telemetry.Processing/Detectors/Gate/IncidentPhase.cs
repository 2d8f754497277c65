namespace Telemetry.Processing.Detectors;

/// <summary>What a reading does to the incident of its series.</summary>
public enum IncidentPhase
{
    /// <summary>There is no incident, or nothing to say of it.</summary>
    None,

    /// <summary>This reading opens one.</summary>
    Started,

    /// <summary>One is open.</summary>
    Ongoing,

    /// <summary>This reading ends it.</summary>
    Ended,
}
