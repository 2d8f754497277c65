using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors.Kernels;

namespace Telemetry.Processing.Detectors.Scoring;

/// <summary>
/// From raw score to alert, the part all four ML.NET detectors share: kernel density p-value over a window of scores, and
/// for change points a martingale over as many p-values. State is a <see cref="ScorerHeader"/> with its window behind it.
/// </summary>
internal sealed class SeriesScorer
{
    private static readonly int HeaderBytes = Unsafe.SizeOf<ScorerHeader>();

    private readonly ScorerParameters _parameters;
    private readonly SimdWidth _width;
    private readonly int _window;
    private readonly int _windowBytes;

    public SeriesScorer(ScorerParameters parameters, SimdWidth width)
    {
        _parameters = parameters;
        _width = width;
        _window = parameters.Window;
        _windowBytes = KernelDensity.PaddedLength(_window) * sizeof(float);
        StateBytes = HeaderBytes + _windowBytes + (parameters.Martingale is null ? 0 : _window * sizeof(double));
        var tail = PValues.Below(parameters.Confidence);
        Threshold = parameters.Martingale is { } martingale
            ? Math.Exp(_window * Betting.Log(martingale, parameters.Epsilon, tail))
            : tail;
    }

    public int StateBytes { get; }

    /// <summary>p-value (spike) or martingale (change point) at which an alert is due.</summary>
    public double Threshold { get; }

    public void Initialize(Span<byte> state)
    {
        state[..StateBytes].Clear();
        Header(state).OldestBet = -1;
    }

    /// <summary>Scores the next raw value. NaN leaves no trace.</summary>
    public DetectorResult Score(Span<byte> state, double raw)
    {
        ref var header = ref Header(state);
        if (double.IsNaN(raw))
        {
            return new DetectorResult(false, raw, double.NaN, double.NaN, ModeOf(header.Departed != 0));
        }

        var score = (float)raw;
        if (!float.IsFinite(score) && _parameters.Repair != DetectorRepair.Never)
        {
            return OutOfRange(ref header, raw);
        }

        var window = MemoryMarshal.Cast<byte, float>(state.Slice(HeaderBytes, _windowBytes));
        var p = PValue(ref header, window, score, out var repaired);
        Push(ref header, window, score);
        var full = header.Count == _window;
        if (_parameters.Martingale is null)
        {
            var spike = full && p <= Threshold;
            return new DetectorResult(spike, raw, p, double.NaN, ModeOf(repaired || header.Departed != 0));
        }

        // One repaired p-value and ML.NET's martingale is another one (or dead) from here on.
        header.Departed |= repaired ? 1 : 0;
        var m = Martingale(ref header, Bets(state), p);
        return new DetectorResult(full && IsChange(ref header, m), raw, p, m, ModeOf(header.Departed != 0));
    }

    /// <summary>Whatever follows has left ML.NET's numbers, for a reason outside the scorer.</summary>
    public static void Depart(Span<byte> state) => Header(state).Departed = 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref ScorerHeader Header(Span<byte> state) => ref MemoryMarshal.AsRef<ScorerHeader>(state);

    private static DetectorMode ModeOf(bool repaired) => repaired ? DetectorMode.Repaired : DetectorMode.Compatible;

    private Span<double> Bets(Span<byte> state) =>
        MemoryMarshal.Cast<byte, double>(state.Slice(HeaderBytes + _windowBytes, _window * sizeof(double)));

    /// <summary>
    /// An infinite score is the most extreme there is, and says nothing about the scale of the others: it is judged, and
    /// leaves no trace in the window. ML.NET never gives another p-value after it.
    /// </summary>
    private DetectorResult OutOfRange(ref ScorerHeader header, double raw)
    {
        header.Departed = 1;
        var p = Clamp(OnSide(raw > 0 ? 0 : 1));
        var spike = _parameters.Martingale is null && header.Count == _window && p <= Threshold;
        var m = header.OldestBet < 0 ? double.NaN : ExpKernel.Scalar(header.LogMartingale);
        return new DetectorResult(spike, raw, p, m, DetectorMode.Repaired);
    }

    private double PValue(ref ScorerHeader header, ReadOnlySpan<float> window, float score, out bool repaired)
    {
        repaired = false;
        var n = header.Count;
        var p = 0.5;
        if (n > 0)
        {
            var bandwidth = Math.Max(KernelDensity.Bandwidth(header.SumSquares, n), KernelDensity.BandwidthFloor);
            if (_parameters.Repair != DetectorRepair.Never)
            {
                repaired = BandwidthRepair.Apply(ref header, window[..n], _parameters.Repair, ref bandwidth);
            }

            p = KernelDensity.UpperTail(window, n, score, bandwidth, ref header.SumSquares, _width);
            if (n == _window)
            {
                header.SumSquares = KernelDensity.WithoutOldest(window, n, score, header.SumSquares, _width);
            }
        }

        return Clamp(OnSide(p));
    }

    private double OnSide(double upper) => _parameters.Side switch
    {
        AnomalySide.Positive => upper,
        AnomalySide.Negative => 1 - upper,
        _ => Math.Min(upper, 1 - upper),
    };

    private static double Clamp(double p) =>
        p < PValues.Least ? PValues.Least
        : p > 1 - PValues.Least ? 1 - PValues.Least
        : p;

    private void Push(ref ScorerHeader header, Span<float> window, float score)
    {
        if (header.Count < _window)
        {
            window[header.Count++] = score;
            return;
        }

        window[1.._window].CopyTo(window);
        window[_window - 1] = score;
    }

    private double Martingale(ref ScorerHeader header, Span<double> bets, double p)
    {
        var bet = Betting.Log(_parameters.Martingale!.Value, _parameters.Epsilon, p);
        if (header.OldestBet < 0)
        {
            bets.Fill(bet);
            header.OldestBet = 0;
            header.LogMartingale += _window * bet;
        }
        else
        {
            header.LogMartingale += bet;
            header.LogMartingale -= bets[header.OldestBet];
            bets[header.OldestBet] = bet;
            header.OldestBet = header.OldestBet + 1 == _window ? 0 : header.OldestBet + 1;
        }

        return ExpKernel.Scalar(header.LogMartingale);
    }

    /// <summary>The martingale is not reset by an alert; a full window of silence is what keeps alerts apart.</summary>
    private bool IsChange(ref ScorerHeader header, double martingale)
    {
        var change = martingale >= Threshold && header.Quiet == 0;
        header.Quiet = Math.Max(0, (change ? _window : header.Quiet) - 1);
        return change;
    }
}
