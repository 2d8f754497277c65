using System.Buffers;

namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>
/// A fitted singular spectrum model in a flat block: builds it from training values, and takes one value at a time. All
/// arithmetic is f32 in ML.NET's order.
/// </summary>
internal sealed class SsaModel(int window, int training, bool vectors)
{
    private readonly SsaLayout _layout = new(window, training);

    /// <summary>Length of the block in f32 values.</summary>
    public int Floats => _layout.Floats;

    /// <summary>
    /// Fits the samples. With no more than twice the window of them the model predicts 0 for ever, as ML.NET's does
    /// (rank 0); the caller can see it.
    /// </summary>
    /// <returns>False where ML.NET would have thrown: values too large for a covariance in f32.</returns>
    public bool Fit(ref SsaHeader header, Span<float> block, ReadOnlySpan<float> samples)
    {
        header.Fitted = 1;
        header.Samples = samples.Length;
        header.Window = window;
        header.Rank = 0;
        header.Next = 0;
        if (samples.Length <= 2 * window)
        {
            block.Clear();
            return true;
        }

        var rented = ArrayPool<float>.Shared.Rent(samples.Length + (window * window));
        var series = rented.AsSpan(0, samples.Length);
        samples.CopyTo(series);
        var eigenvectors = rented.AsSpan(samples.Length, window * window);
        var rank = SsaTraining.Fit(series, ref header.Window, eigenvectors, out var overflow);
        header.Rank = rank;
        block.Clear();
        Load(ref header, block, eigenvectors, series);
        ArrayPool<float>.Shared.Return(rented);
        return !overflow;
    }

    /// <summary>Takes a value (not NaN) and renews the prediction.</summary>
    public void Consume(ref SsaHeader header, Span<float> block, float value)
    {
        if (header.Rank == 0)
        {
            return;
        }

        var length = header.Window;
        var recent = _layout.Recent(block);
        recent[1..length].CopyTo(recent);
        recent[length - 1] = value;
        Span<float> smooth = stackalloc float[_layout.Stride];
        Smooth(header.Rank, block, smooth);
        var state = _layout.State(block);
        var alpha = _layout.Alpha(block);
        var next = 0f;
        for (var i = 0; i < length - 2; i++)
        {
            state[i] = (((length - 2 - i) * state[i + 1]) + smooth[i + 1]) / (length - 1 - i);
            next += state[i] * alpha[i];
        }

        state[length - 2] = smooth[length - 1];
        next += state[length - 2] * alpha[length - 2];
        header.Next = next;
    }

    /// <summary>The latest value consumed (before the first, the latest smoothed one).</summary>
    public float Latest(in SsaHeader header, Span<float> block) => _layout.Recent(block)[header.Window - 1];

    /// <summary>Coefficients of the recurrence, and zeros.</summary>
    public ReadOnlySpan<float> Alpha(Span<float> block) => _layout.Alpha(block);

    private void Load(
        ref SsaHeader header, Span<float> block, ReadOnlySpan<float> eigenvectors, ReadOnlySpan<float> series)
    {
        var length = header.Window;
        var rows = _layout.Vectors(block);
        Span<float> lasts = stackalloc float[_layout.Rows];
        lasts.Clear();
        var nu = 0f;
        for (var r = 0; r < header.Rank; r++)
        {
            eigenvectors.Slice(r * length, length).CopyTo(rows[(r * _layout.Stride)..]);
            lasts[r] = eigenvectors[(r * length) + length - 1];
            nu += lasts[r] * lasts[r];
        }

        var alpha = _layout.Alpha(block);
        SsaKernels.MultiplyTransposed(rows, _layout.Stride, header.Rank, lasts, alpha, vectors);
        for (var j = 0; j < length - 1; j++)
        {
            alpha[j] /= 1 - nu;
        }

        alpha[(length - 1)..].Clear();

        var recent = _layout.Recent(block);
        series[^length..].CopyTo(recent);
        Span<float> smooth = stackalloc float[_layout.Stride];
        Smooth(header.Rank, block, smooth);
        var state = _layout.State(block);
        smooth[1..length].CopyTo(state);
        header.Next = 0;
        for (var i = 1; i < length; i++)
        {
            header.Next += state[i - 1] * alpha[i - 1];
        }

        // The first value is consumed after the smoothed past, not after the training values themselves.
        state[..(length - 1)].CopyTo(recent[1..]);
    }

    /// <summary>The recent values projected on the eigenvectors and back.</summary>
    private void Smooth(int rank, Span<float> block, Span<float> smooth)
    {
        Span<float> y = stackalloc float[_layout.Rows];
        y.Clear();
        var rows = _layout.Vectors(block);
        SsaKernels.Multiply(rows, _layout.Stride, rank, _layout.Recent(block), y, vectors);
        SsaKernels.MultiplyTransposed(rows, _layout.Stride, rank, y, smooth, vectors);
    }
}
