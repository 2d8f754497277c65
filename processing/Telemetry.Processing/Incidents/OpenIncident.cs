using Telemetry.Contracts.V1;

namespace Telemetry.Processing.Incidents;

/// <summary>
/// One cause at one device that has not ended. Times named <c>Judged</c> are of the clock that detectors are given, which never goes
/// back; the others are the device's own event times. All in microseconds.
/// </summary>
internal sealed class OpenIncident
{
    /// <summary>Sensors listed; more are only counted.</summary>
    public const int PartsMax = 32;

    /// <summary>Names of detectors listed.</summary>
    public const int DetectorsMax = 8;

    /// <summary>Number among the incidents of its device, never given twice: what a series remembers.</summary>
    public long Number { get; init; }

    /// <summary>Kind it opened with; goes into the id.</summary>
    public AnomalyKind OpenedAs { get; init; }

    /// <summary>Start it opened with; goes into the id.</summary>
    public long OpenedAtUs { get; init; }

    /// <summary>Event id of the reading that opened it.</summary>
    public ulong Boot { get; init; }

    public ulong Sequence { get; init; }

    /// <summary>Found in readings that came late.</summary>
    public bool IsLate { get; init; }

    /// <summary>Judged time at which it opened.</summary>
    public long OpenedJudgedUs { get; init; }

    /// <summary>A finding of another sensor that starts this close to it is of the same cause.</summary>
    public long TogetherUs { get; init; }

    /// <summary>Records written.</summary>
    public uint Revision { get; set; }

    /// <summary>Judged time of the last record.</summary>
    public long PublishedUs { get; set; }

    /// <summary>Judged time from which on the next record is due.</summary>
    public long NextUs { get; set; }

    /// <summary>Judged time from which on it is over, when no finding is open.</summary>
    public long QuietAtUs { get; set; }

    /// <summary>Findings that are open, over all sensors.</summary>
    public int OpenFindings { get; set; }

    /// <summary>Sensors, also those not listed.</summary>
    public int SensorCount { get; set; }

    /// <summary>The sensors, the one that showed it first first.</summary>
    public List<IncidentPart> Parts { get; } = [];

    /// <summary>Names of detectors, the first first.</summary>
    public List<string> Detectors { get; } = [];

    public IncidentPart Lead => Parts[0];

    public IncidentPart? PartOf(ReadOnlySpan<byte> sensor)
    {
        foreach (var part in Parts)
        {
            if (sensor.SequenceEqual(part.Sensor))
            {
                return part;
            }
        }

        return null;
    }

    public void AddDetector(string name)
    {
        if (Detectors.Count < DetectorsMax && !Detectors.Contains(name))
        {
            Detectors.Add(name);
        }
    }
}
