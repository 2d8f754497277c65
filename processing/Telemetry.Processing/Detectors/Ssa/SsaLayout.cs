using Telemetry.Processing.Detectors.Kernels;

namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>
/// Where the parts of a model lie in its flat block of f32: last values, recurrence, smoothed state, eigenvectors (row by
/// row, padded with zeros to eight columns and four rows). Before the fit the same block holds the training samples.
/// </summary>
internal readonly struct SsaLayout
{
    public SsaLayout(int window, int training)
    {
        Stride = KernelDensity.PaddedLength(window);
        Rows = (MaxRank(window) + 3) / 4 * 4;
        Floats = Math.Max(training, (3 * Stride) + (Rows * Stride));
    }

    /// <summary>Columns of one row, and room of each vector.</summary>
    public int Stride { get; }

    public int Rows { get; }

    /// <summary>Length of the block.</summary>
    public int Floats { get; }

    /// <summary>ML.NET never uses more eigenvectors than half the window.</summary>
    public static int MaxRank(int window) => window / 2;

    /// <summary>The last values, oldest first, the latest at window - 1; zeros behind.</summary>
    public Span<float> Recent(Span<float> block) => block[..Stride];

    /// <summary>Coefficients of the linear recurrence, window - 1 of them.</summary>
    public Span<float> Alpha(Span<float> block) => block.Slice(Stride, Stride);

    /// <summary>Smoothed past the recurrence is applied to, window - 1 values.</summary>
    public Span<float> State(Span<float> block) => block.Slice(2 * Stride, Stride);

    /// <summary>Eigenvectors as rows.</summary>
    public Span<float> Vectors(Span<float> block) => block.Slice(3 * Stride, Rows * Stride);
}
