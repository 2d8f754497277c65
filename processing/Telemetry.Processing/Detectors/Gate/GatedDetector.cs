using Telemetry.Contracts.V1;

namespace Telemetry.Processing.Detectors;

/// <summary>
/// A detector with its gate: one block of state, and an alert only where an incident opens. Use
/// <see cref="Update(Span{byte}, double, long, out Incident)"/> to follow the incident to its end.
/// </summary>
public sealed class GatedDetector : ISeriesDetector
{
    private readonly ISeriesDetector _detector;
    private readonly AlertGate _gate;

    /// <summary>Puts the gate behind the detector.</summary>
    public GatedDetector(ISeriesDetector detector, AlertGate gate)
    {
        _detector = detector;
        _gate = gate;
        StateBytes = gate.StateBytes + detector.StateBytes;
        StateVersion = StateLayout.Version(1, detector.Name, $"{detector.StateVersion}|{gate.StateVersion}");
    }

    /// <inheritdoc/>
    public string Name => _detector.Name;

    /// <inheritdoc/>
    public AnomalyKind Kind => _detector.Kind;

    /// <inheritdoc/>
    public int StateVersion { get; }

    /// <inheritdoc/>
    public int StateBytes { get; }

    /// <inheritdoc/>
    public void Initialize(Span<byte> state)
    {
        _gate.Initialize(state);
        _detector.Initialize(state[_gate.StateBytes..]);
    }

    /// <inheritdoc/>
    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros) =>
        Update(state, value, eventTimeMicros, out _);

    /// <summary>Takes the next value; the result's alert is true only for the value that opens an incident.</summary>
    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros, out Incident incident)
    {
        var result = _detector.Update(state[_gate.StateBytes..], value, eventTimeMicros);
        incident = _gate.Update(state, result, value, eventTimeMicros);
        return result with { Alert = incident.Phase == IncidentPhase.Started };
    }
}
