using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Incidents;
using Telemetry.Processing.Series;
using Telemetry.Processing.Watermarks;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Makes one incident of what detectors find in the series of a device: findings of one series that follow each other, and of several series
/// that begin at one moment. Writes its records: one when it opens, one when it ends, and in between at growing distances of event time. Works on
/// one device at a time; pure as the rest.
/// </summary>
internal sealed class IncidentTracker(ProcessingOptions options, SeriesPool pool, OutputWriter output, ProcessingCounts counts)
{
    /// <summary>"One moment" for sensors of which nothing is known yet, and for the fastest.</summary>
    private const long TogetherLeastUs = 1_000_000;

    private const long TogetherMostUs = 900_000_000;

    /// <summary>Records of a long incident are this far apart at most.</summary>
    private const long UpdateMostUs = 600_000_000;

    private readonly long _holdOffUs = Micros.From(options.IncidentHoldOff);
    private readonly long _alertHoldOffUs = Micros.From(options.AlertHoldOff);
    private readonly long _updateUs = Micros.From(options.IncidentUpdateEvery);

    /// <summary>The part of the incident last joined.</summary>
    private IncidentPart? _part;

    /// <summary>True: the incidents in hand are of late readings; each is written once, when it is over.</summary>
    public bool IsLate { get; set; }

    /// <summary>A detector of findings has something new to say.</summary>
    /// <param name="incidents">The device's incidents.</param>
    /// <param name="at">The series' block.</param>
    /// <param name="detector">Which detector.</param>
    /// <param name="phase">What is new.</param>
    /// <param name="sight">The reading.</param>
    public void Found(DeviceIncidents incidents, int at, int detector, FindingPhase phase, in Sight sight)
    {
        ref var header = ref SeriesLayout.Header(pool[at]);
        var name = pool.LayoutOf(at).Detectors[detector].Name;
        var finding = Describe(at, detector);
        var kind = IncidentKinds.Of(finding.Kind);
        var incident = incidents.Find(header.Incident);
        if (phase == FindingPhase.Opened)
        {
            incident = Join(incidents, ref header, incident, name, kind, finding, double.NaN, sight);
            incident.OpenFindings++;
            var p = Math.Pow(10, -Math.Min(finding.Score, 300));
            output.Anomaly(incident, _part!, name, kind, new DetectorResult(true, finding.Score, p, double.NaN, DetectorMode.Unspecified), sight);
            return;
        }

        if (incident is null)
        {
            // It ended for another reason: the series made room, or its detectors are others now.
            return;
        }

        var part = incident.PartOf(sight.Sensor);
        var crossed = part?.Finding.Limit ?? LimitLevel.None;
        part?.Take(name, kind, finding);
        if (phase == FindingPhase.Ended)
        {
            incident.OpenFindings = Math.Max(0, incident.OpenFindings - 1);
            incident.QuietAtUs = Math.Max(incident.QuietAtUs, finding.EndMicros + header.ShiftUs + _holdOffUs);
        }
        else
        {
            // A limit crossed, or an outer one, is told with this record: it may be the device's last for a while.
            var pause = Math.Abs((sbyte)finding.Limit) > Math.Abs((sbyte)crossed) ? 0 : _updateUs;
            incident.NextUs = Math.Min(incident.NextUs, incident.PublishedUs + pause);
        }
    }

    /// <summary>A detector that only alerts does so: for the first time in a while, or still.</summary>
    public void Alerted(DeviceIncidents incidents, int at, int detector, bool isNew, in DetectorResult result, in Sight sight)
    {
        ref var header = ref SeriesLayout.Header(pool[at]);
        var which = pool.LayoutOf(at).Detectors[detector];
        var finding = Of(result, sight);
        var incident = incidents.Find(header.Incident);
        if (isNew)
        {
            incident = Join(incidents, ref header, incident, which.Name, which.Kind, finding, result.Martingale, sight);
            output.Anomaly(incident, _part!, which.Name, which.Kind, result, sight);
        }
        else if (incident?.PartOf(sight.Sensor) is { } part)
        {
            part.LastUs = Math.Max(part.LastUs, sight.EventUs);
            if (part.Detector == which.Name && finding.Score > part.Finding.Score)
            {
                part.Take(which.Name, which.Kind, finding with { StartMicros = part.Finding.StartMicros, Readings = part.Finding.Readings + 1 }, result.Martingale);
            }
        }

        if (incident is not null)
        {
            incident.QuietAtUs = Math.Max(incident.QuietAtUs, header.LastUs + _alertHoldOffUs);
        }
    }

    /// <summary>After the readings of a record: ends what is over and writes what is due.</summary>
    /// <param name="incidents">The device's incidents.</param>
    /// <param name="series">Its series.</param>
    /// <param name="nowUs">Judged time of its newest reading.</param>
    public void Advance(DeviceIncidents incidents, ISeriesBlocks series, long nowUs)
    {
        for (var i = 0; i < incidents.Open.Count; i++)
        {
            var incident = incidents.Open[i];
            if (incident.OpenFindings == 0 && nowUs >= incident.QuietAtUs)
            {
                Refresh(incident, series);
                End(incident);
                incidents.Open.RemoveAt(i--);
            }
            else if (!IsLate && nowUs >= incident.NextUs)
            {
                Refresh(incident, series);
                Publish(incident, IncidentState.Updated, nowUs);
            }
        }
    }

    /// <summary>Ends all: the device stays silent, or the late readings are all judged.</summary>
    public void EndAll(DeviceIncidents incidents, ISeriesBlocks series)
    {
        foreach (var incident in incidents.Open)
        {
            Refresh(incident, series);
            End(incident);
        }

        incidents.Open.Clear();
    }

    private static Finding Of(in DetectorResult result, in Sight sight)
    {
        var score = result.PValue > 0 ? -Math.Log10(result.PValue)
            : result.Martingale > 0 ? Math.Log10(Math.Min(result.Martingale, 1e300))
            : 0;
        score = double.IsFinite(score) ? Math.Max(0, score) : 0;
        return new Finding
        {
            StartMicros = sight.EventUs,
            PeakMicros = sight.EventUs,
            EndMicros = sight.EventUs,
            Readings = 1,
            Score = score,
            Severity = (int)Math.Min(1000, Math.Round(40 * score)),
            Value = sight.Value,
            PeakValue = sight.Value,
            UsualLow = double.NaN,
            UsualHigh = double.NaN,
        };
    }

    private OpenIncident Join(
        DeviceIncidents incidents, ref SeriesHeader header, OpenIncident? incident, string detector, AnomalyKind kind, in Finding finding, double martingale,
        in Sight sight)
    {
        var together = (long)Math.Clamp(2 * header.IntervalUs, TogetherLeastUs, TogetherMostUs);
        var startUs = finding.StartMicros + header.ShiftUs;
        incident ??= incidents.Together(startUs, together);
        if (incident is null && incidents.Open.Count >= DeviceIncidents.OpenMax)
        {
            incident = incidents.Open[^1];
        }

        var isNew = incident is null;
        if (isNew)
        {
            incident = new OpenIncident
            {
                Number = ++incidents.LastNumber,
                OpenedAs = kind,
                OpenedAtUs = finding.StartMicros,
                Boot = sight.Boot,
                Sequence = sight.Sequence,
                IsLate = sight.IsLate || IsLate,
                OpenedJudgedUs = startUs,
                TogetherUs = together,
                QuietAtUs = Micros.Never,
            };
            incidents.Open.Add(incident);
            counts.Incidents[(int)kind]++;
        }

        header.Incident = incident!.Number;
        incident.AddDetector(detector);
        var part = incident.PartOf(sight.Sensor);
        if (part is null)
        {
            part = new IncidentPart { Sensor = sight.Sensor.ToArray() };
            incident.SensorCount++;
            if (incident.Parts.Count < OpenIncident.PartsMax)
            {
                incident.Parts.Add(part);
            }
        }

        part.Take(detector, kind, finding, martingale);
        _part = part;
        if (!isNew)
        {
            incident.NextUs = Math.Min(incident.NextUs, incident.PublishedUs + _updateUs);
        }
        else if (!IsLate)
        {
            Publish(incident, IncidentState.Open, header.LastUs);
        }

        return incident;
    }

    /// <summary>Looks again at the findings listed: how far they have grown.</summary>
    private void Refresh(OpenIncident incident, ISeriesBlocks series)
    {
        foreach (var part in incident.Parts)
        {
            var at = series.FindBlock(part.Sensor);
            if (at < 0 || SeriesLayout.Header(pool[at]).Incident != incident.Number)
            {
                continue;
            }

            var layout = pool.LayoutOf(at);
            for (var d = 0; d < layout.Detectors.Length; d++)
            {
                if (layout.Finders[d] is not null && incident.Detectors.Contains(layout.Detectors[d].Name)
                    && Describe(at, d) is { Kind: not FindingKind.None } finding && finding.EndMicros >= part.StartUs)
                {
                    part.Take(layout.Detectors[d].Name, IncidentKinds.Of(finding.Kind), finding);
                }
            }
        }
    }

    /// <summary>The finding with the device's own times.</summary>
    private Finding Describe(int at, int detector)
    {
        var block = pool[at];
        var layout = pool.LayoutOf(at);
        var finding = layout.Finders[detector]!.Describe(layout.State(block, detector));
        var shift = SeriesLayout.Header(block).ShiftUs;
        return shift == 0
            ? finding
            : finding with
            {
                StartMicros = finding.StartMicros - shift, PeakMicros = finding.PeakMicros - shift, EndMicros = finding.EndMicros - shift,
            };
    }

    private void End(OpenIncident incident)
    {
        incident.Revision++;
        output.Incident(incident, IncidentState.Ended);
    }

    private void Publish(OpenIncident incident, IncidentState state, long nowUs)
    {
        incident.Revision++;
        incident.PublishedUs = nowUs;
        incident.NextUs = nowUs + Math.Min(UpdateMostUs, _updateUs << (int)Math.Min(incident.Revision - 1, 20));
        output.Incident(incident, state);
    }
}
