using System.Globalization;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Processing.Detectors.Scoring;

namespace Telemetry.Processing.Detectors.MlNet;

/// <summary>
/// ML.NET's <c>IidSpikeDetector</c> or <c>IidChangePointDetector</c>: the value itself is the raw score. Values are rounded
/// to f32 as ML.NET's input column is.
/// </summary>
internal sealed class IidDetector : ISeriesDetector
{
    private readonly SeriesScorer _scorer;

    public IidDetector(ScorerParameters parameters, SimdWidth width)
    {
        _scorer = new SeriesScorer(parameters, width);
        Kind = parameters.Martingale is null ? AnomalyKind.Spike : AnomalyKind.ChangePoint;
        Name = parameters.Martingale is null ? "iid-spike" : "iid-change-point";
        StateVersion = StateLayout.Version(1, Name, parameters.ToString());
    }

    public string Name { get; }

    public AnomalyKind Kind { get; }

    public int StateVersion { get; }

    public int StateBytes => _scorer.StateBytes;

    /// <summary>See <see cref="SeriesScorer.Threshold"/>.</summary>
    public double Threshold => _scorer.Threshold;

    public void Initialize(Span<byte> state) => _scorer.Initialize(state);

    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros) =>
        _scorer.Score(state, (float)value);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name} ({StateBytes} bytes a series, threshold {Threshold})");
}
