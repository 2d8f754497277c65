using Telemetry.Processing.Watermarks;

namespace Telemetry.Processing.Incidents;

/// <summary>The open incidents of one device. Bounded: what opens beyond it joins the newest.</summary>
internal sealed class DeviceIncidents
{
    /// <summary>Incidents of a device that are open at once.</summary>
    public const int OpenMax = 8;

    public List<OpenIncident> Open { get; } = [];

    /// <summary>Number of the last one.</summary>
    public long LastNumber { get; set; }

    /// <summary>The open incident of that number; null when it has ended.</summary>
    public OpenIncident? Find(long number)
    {
        foreach (var incident in Open)
        {
            if (incident.Number == number)
            {
                return incident;
            }
        }

        return null;
    }

    /// <summary>The open incident that began at the same moment; null when there is none.</summary>
    public OpenIncident? Together(long startJudgedUs, long togetherUs)
    {
        foreach (var incident in Open)
        {
            if (Math.Abs(startJudgedUs - incident.OpenedJudgedUs) <= Math.Max(togetherUs, incident.TogetherUs))
            {
                return incident;
            }
        }

        return null;
    }

    /// <summary>The detectors' state was of another layout and began afresh: no finding is open any more.</summary>
    public void CloseFindings()
    {
        foreach (var incident in Open)
        {
            incident.OpenFindings = 0;
            incident.QuietAtUs = Micros.Never;
        }
    }
}
