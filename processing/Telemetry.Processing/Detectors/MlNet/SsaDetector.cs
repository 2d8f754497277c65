using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Processing.Detectors.Scoring;
using Telemetry.Processing.Detectors.Ssa;

namespace Telemetry.Processing.Detectors.MlNet;

/// <summary>
/// ML.NET's <c>SsaSpikeDetector</c> or <c>SsaChangePointDetector</c>. In a stream, a series' first values (as many as the
/// training window, NaN and infinities not counted) are collected in its state and give no result; then the model is
/// fitted, once, inside <see cref="Update"/> (0.1 to a few ms), and every further value is scored. <see cref="Fit(Span{byte}, ReadOnlySpan{double})"/> does the
/// same from values at hand.
/// </summary>
public sealed class SsaDetector : ISeriesDetector
{
    private static readonly int HeaderBytes = Unsafe.SizeOf<SsaHeader>();

    private readonly ErrorFunction _error;
    private readonly DetectorRepair _repair;
    private readonly SsaOrder _order;
    private readonly SeriesScorer _scorer;
    private readonly SsaModel _model;
    private readonly int _training;

    internal SsaDetector(ScorerParameters scorer, SsaParameters parameters, SimdWidth width)
    {
        _error = parameters.Error;
        _order = parameters.Order;
        _repair = scorer.Repair;
        _training = parameters.Training;
        _scorer = new SeriesScorer(scorer, width);
        _model = new SsaModel(parameters.Window, _training, width != SimdWidth.One);
        StateBytes = HeaderBytes + _scorer.StateBytes + (_model.Floats * sizeof(float));
        Kind = scorer.Martingale is null ? AnomalyKind.Spike : AnomalyKind.ChangePoint;
        Name = scorer.Martingale is null ? "ssa-spike" : "ssa-change-point";
        StateVersion = StateLayout.Version(1, Name, $"{scorer}{parameters}");
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public AnomalyKind Kind { get; }

    /// <inheritdoc/>
    public int StateVersion { get; }

    /// <inheritdoc/>
    public int StateBytes { get; }

    internal double Threshold => _scorer.Threshold;

    /// <inheritdoc/>
    public void Initialize(Span<byte> state)
    {
        state[..StateBytes].Clear();
        _scorer.Initialize(state[HeaderBytes..]);
    }

    /// <summary>
    /// Trains a series from values at hand instead of from its stream: the first of them that are finite, as many as the
    /// training window. A block that has scored values keeps what it knows of their residuals.
    /// </summary>
    /// <returns>What was learned. Too few values are said so, not thrown: the detector then scores the raw values.</returns>
    public SsaFit Fit(Span<byte> state, ReadOnlySpan<double> values)
    {
        ref var header = ref Header(state);
        var samples = new float[Math.Min(_training, values.Length)];
        var count = 0;
        foreach (var value in values)
        {
            if (count < samples.Length && float.IsFinite((float)value))
            {
                samples[count++] = (float)value;
            }
        }

        return Fit(ref header, state, samples.AsSpan(0, count));
    }

    /// <inheritdoc/>
    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros)
    {
        ref var header = ref Header(state);
        var x = (float)value;
        if (header.Fitted == 0)
        {
            Collect(ref header, state, x);
            return _scorer.Score(state[HeaderBytes..], double.NaN);
        }

        // ML.NET consumes an infinity and is dead; here it is scored and not consumed.
        var consumed = _repair == DetectorRepair.Never ? !float.IsNaN(x) : float.IsFinite(x);
        if (float.IsInfinity(x) && _repair != DetectorRepair.Never)
        {
            SeriesScorer.Depart(state[HeaderBytes..]);
        }

        var block = Block(state);
        if (consumed && _order == SsaOrder.ConsumeThenPredict)
        {
            _model.Consume(ref header, block, x);
        }

        var score = Error(x, Prediction(ref header, state));
        if (consumed && _order == SsaOrder.PredictThenConsume)
        {
            _model.Consume(ref header, block, x);
        }

        return _scorer.Score(state[HeaderBytes..], score);
    }

    /// <summary>Name, size of state and threshold, for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name} ({StateBytes} bytes a series, threshold {Threshold})");

    internal ReadOnlySpan<float> Alpha(Span<byte> state) => _model.Alpha(Block(state));

    private static ref SsaHeader Header(Span<byte> state) => ref MemoryMarshal.AsRef<SsaHeader>(state);

    private Span<float> Block(Span<byte> state) => MemoryMarshal.Cast<byte, float>(
        state.Slice(HeaderBytes + _scorer.StateBytes, _model.Floats * sizeof(float)));

    private void Collect(ref SsaHeader header, Span<byte> state, float x)
    {
        if (float.IsFinite(x))
        {
            var block = Block(state);
            block[header.Samples++] = x;
            if (header.Samples == _training)
            {
                Fit(ref header, state, block[.._training]);
            }
        }
        else if (float.IsInfinity(x))
        {
            SeriesScorer.Depart(state[HeaderBytes..]);
        }
    }

    private SsaFit Fit(ref SsaHeader header, Span<byte> state, ReadOnlySpan<float> samples)
    {
        var finite = _model.Fit(ref header, Block(state), samples);
        var learned = header.Rank > 0;
        var reason = "";
        if (!learned)
        {
            reason = $"{samples.Length} values, but more than twice the seasonality window ({header.Window}) are needed";
        }
        else if (!finite)
        {
            SeriesScorer.Depart(state[HeaderBytes..]);
            reason = "values too large for their squares in f32: only their mean is predicted (ML.NET throws here)";
        }

        return new SsaFit(learned, samples.Length, header.Window, header.Rank, header.Next, reason);
    }

    /// <summary>The model's prediction; the last value where the model has none (a recurrence that overflowed).</summary>
    private double Prediction(ref SsaHeader header, Span<byte> state)
    {
        if (float.IsFinite(header.Next) || _repair == DetectorRepair.Never)
        {
            return header.Next;
        }

        SeriesScorer.Depart(state[HeaderBytes..]);
        return _model.Latest(header, Block(state));
    }

    private double Error(double x, double y) => _error switch
    {
        ErrorFunction.AbsoluteDifference => Math.Abs(x - y),
        ErrorFunction.SignedProportion => y == 0 ? 0 : (x - y) / y,
        ErrorFunction.AbsoluteProportion => y == 0 ? 0 : Math.Abs((x - y) / y),
        ErrorFunction.SquaredDifference => (x - y) * (x - y),
        _ => x - y,
    };
}
