namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>
/// Products of the trajectory matrix (window L, K = n - L + 1 columns) of a training series, rounded as ML.NET rounds
/// them: plain f32 loops for small ones; for wide ones it goes through an f64 FFT, for which an f64 sum rounded once stands.
/// </summary>
internal readonly ref struct SsaTrajectory
{
    private readonly ReadOnlySpan<float> _series;

    public SsaTrajectory(ReadOnlySpan<float> series, int window)
    {
        _series = series;
        Window = window;
        Columns = series.Length - window + 1;
        Wide = window * (double)Columns > (3 + (3 * Math.Log(series.Length))) * series.Length;
    }

    public int Window { get; }

    public int Columns { get; }

    public bool Wide { get; }

    /// <summary>
    /// The lagged covariance (L x L). The first row by products, the others by ML.NET's recurrence in f64 from the value
    /// rounded to f32. False if a value is not finite (values of about 1e19 and more: ML.NET throws).
    /// </summary>
    public bool Covariance(Span<double> into)
    {
        for (var j = 0; j < Window; j++)
        {
            into[j] = Dot(_series[..Columns], _series.Slice(j, Columns));
        }

        for (var i = 1; i < Window; i++)
        {
            for (var j = i; j < Window; j++)
            {
                double leaving = (double)_series[i - 1] * _series[j - 1];
                double entering = (double)_series[i + Columns - 1] * _series[j + Columns - 1];
                into[(i * Window) + j] = (float)(into[((i - 1) * Window) + j - 1] - leaving + entering);
            }
        }

        var finite = true;
        for (var i = 0; i < Window; i++)
        {
            for (var j = 0; j < i; j++)
            {
                into[(i * Window) + j] = into[(j * Window) + i];
            }

            finite &= double.IsFinite(into[(i * Window) + i]);
        }

        for (var i = 0; i < Window * Window; i++)
        {
            finite &= double.IsFinite(into[i]);
        }

        return finite;
    }

    /// <summary>The series projected on an eigenvector, K values.</summary>
    public void Project(ReadOnlySpan<float> vector, Span<float> projection)
    {
        for (var j = 0; j < Columns; j++)
        {
            projection[j] = Dot(vector[..Window], _series.Slice(j, Window));
        }
    }

    /// <summary>Adds vector times projection, averaged along the anti-diagonals, to the reconstruction.</summary>
    public void Hankelize(ReadOnlySpan<float> vector, ReadOnlySpan<float> projection, Span<float> reconstruction)
    {
        for (var i = 0; i < _series.Length; i++)
        {
            var from = Math.Max(0, i - Columns + 1);
            var to = Math.Min(Window - 1, i);
            var count = to - from + 1;
            if (Wide)
            {
                var sum = 0.0;
                for (var k = to; k >= from; k--)
                {
                    sum += (double)vector[k] * projection[i - k];
                }

                reconstruction[i] += (float)(sum * (1f / count));
            }
            else
            {
                var sum = 0f;
                for (var k = to; k >= from; k--)
                {
                    sum += vector[k] * projection[i - k];
                }

                reconstruction[i] += sum / count;
            }
        }
    }

    private float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (Wide)
        {
            var sum = 0.0;
            for (var i = 0; i < a.Length; i++)
            {
                sum += (double)a[i] * b[i];
            }

            return (float)sum;
        }

        var acc = 0f;
        for (var i = 0; i < a.Length; i++)
        {
            acc += a[i] * b[i];
        }

        return acc;
    }
}
