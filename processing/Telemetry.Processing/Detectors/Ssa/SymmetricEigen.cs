namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>
/// Eigenvalues and eigenvectors of a real symmetric matrix in f64: Householder's reduction to tridiagonal form, then QL
/// with implicit shifts (Wilkinson and Reinsch, Handbook for Automatic Computation II, tred2 and tql2). Costs about 9 n^3.
/// </summary>
internal static class SymmetricEigen
{
    private const int MaxSweeps = 60;

    /// <summary>
    /// Decomposes <paramref name="a"/> (n x n, row by row), which afterwards holds the eigenvectors as columns.
    /// </summary>
    /// <returns>False if it did not converge, which finite numbers do not do.</returns>
    public static bool Decompose(Span<double> a, int n, Span<double> values, Span<double> scratch)
    {
        Tridiagonalize(a, n, values, scratch);
        return Diagonalize(a, n, values, scratch);
    }

    private static void Tridiagonalize(Span<double> v, int n, Span<double> d, Span<double> e)
    {
        v.Slice((n - 1) * n, n).CopyTo(d);
        for (var i = n - 1; i > 0; i--)
        {
            var (scale, h) = (0.0, 0.0);
            for (var k = 0; k < i; k++)
            {
                scale += Math.Abs(d[k]);
            }

            if (scale == 0)
            {
                e[i] = d[i - 1];
                for (var j = 0; j < i; j++)
                {
                    d[j] = v[((i - 1) * n) + j];
                    v[(i * n) + j] = 0;
                    v[(j * n) + i] = 0;
                }
            }
            else
            {
                h = Reflect(v, n, i, scale, d, e);
            }

            d[i] = h;
        }

        Accumulate(v, n, d);
        e[0] = 0;
    }

    private static double Reflect(Span<double> v, int n, int i, double scale, Span<double> d, Span<double> e)
    {
        var h = 0.0;
        for (var k = 0; k < i; k++)
        {
            d[k] /= scale;
            h += d[k] * d[k];
        }

        var f = d[i - 1];
        var g = f > 0 ? -Math.Sqrt(h) : Math.Sqrt(h);
        e[i] = scale * g;
        h -= f * g;
        d[i - 1] = f - g;
        e[..i].Clear();
        for (var j = 0; j < i; j++)
        {
            f = d[j];
            v[(j * n) + i] = f;
            g = e[j] + (v[(j * n) + j] * f);
            for (var k = j + 1; k < i; k++)
            {
                g += v[(k * n) + j] * d[k];
                e[k] += v[(k * n) + j] * f;
            }

            e[j] = g;
        }

        f = 0;
        for (var j = 0; j < i; j++)
        {
            e[j] /= h;
            f += e[j] * d[j];
        }

        var half = f / (h + h);
        for (var j = 0; j < i; j++)
        {
            e[j] -= half * d[j];
        }

        for (var j = 0; j < i; j++)
        {
            f = d[j];
            g = e[j];
            for (var k = j; k < i; k++)
            {
                v[(k * n) + j] -= (f * e[k]) + (g * d[k]);
            }

            d[j] = v[((i - 1) * n) + j];
            v[(i * n) + j] = 0;
        }

        return h;
    }

    /// <summary>Multiplies the reflections out into the matrix of transformations.</summary>
    private static void Accumulate(Span<double> v, int n, Span<double> d)
    {
        for (var i = 0; i < n - 1; i++)
        {
            v[((n - 1) * n) + i] = v[(i * n) + i];
            v[(i * n) + i] = 1;
            var h = d[i + 1];
            if (h != 0)
            {
                for (var k = 0; k <= i; k++)
                {
                    d[k] = v[(k * n) + i + 1] / h;
                }

                for (var j = 0; j <= i; j++)
                {
                    var g = 0.0;
                    for (var k = 0; k <= i; k++)
                    {
                        g += v[(k * n) + i + 1] * v[(k * n) + j];
                    }

                    for (var k = 0; k <= i; k++)
                    {
                        v[(k * n) + j] -= g * d[k];
                    }
                }
            }

            for (var k = 0; k <= i; k++)
            {
                v[(k * n) + i + 1] = 0;
            }
        }

        for (var j = 0; j < n; j++)
        {
            d[j] = v[((n - 1) * n) + j];
            v[((n - 1) * n) + j] = 0;
        }

        v[(n * n) - 1] = 1;
    }

    private static bool Diagonalize(Span<double> v, int n, Span<double> d, Span<double> e)
    {
        e[1..n].CopyTo(e);
        e[n - 1] = 0;
        var (shift, largest) = (0.0, 0.0);
        const double Epsilon = 1.0 / (1L << 52);
        for (var l = 0; l < n; l++)
        {
            largest = Math.Max(largest, Math.Abs(d[l]) + Math.Abs(e[l]));
            var m = l;
            while (m < n - 1 && Math.Abs(e[m]) > Epsilon * largest)
            {
                m++;
            }

            var sweeps = 0;
            while (m > l && Math.Abs(e[l]) > Epsilon * largest)
            {
                if (++sweeps > MaxSweeps)
                {
                    return false;
                }

                shift += Shift(d, e, l, n);
                Sweep(v, n, d, e, l, m);
            }

            d[l] += shift;
            e[l] = 0;
        }

        return true;
    }

    private static double Shift(Span<double> d, Span<double> e, int l, int n)
    {
        var g = d[l];
        var p = (d[l + 1] - g) / (2 * e[l]);
        var r = p < 0 ? -Hypotenuse(p, 1) : Hypotenuse(p, 1);
        d[l] = e[l] / (p + r);
        d[l + 1] = e[l] * (p + r);
        var h = g - d[l];
        for (var i = l + 2; i < n; i++)
        {
            d[i] -= h;
        }

        return h;
    }

    private static void Sweep(Span<double> v, int n, Span<double> d, Span<double> e, int l, int m)
    {
        var next = d[l + 1];
        var below = e[l + 1];
        var p = d[m];
        var (c, c2, c3) = (1.0, 1.0, 1.0);
        var (s, s2) = (0.0, 0.0);
        for (var i = m - 1; i >= l; i--)
        {
            c3 = c2;
            c2 = c;
            s2 = s;
            var g = c * e[i];
            var h = c * p;
            var r = Hypotenuse(p, e[i]);
            e[i + 1] = s * r;
            s = e[i] / r;
            c = p / r;
            p = (c * d[i]) - (s * g);
            d[i + 1] = h + (s * ((c * g) + (s * d[i])));
            for (var k = 0; k < n; k++)
            {
                var at = (k * n) + i;
                h = v[at + 1];
                v[at + 1] = (s * v[at]) + (c * h);
                v[at] = (c * v[at]) - (s * h);
            }
        }

        p = -s * s2 * c3 * below * e[l] / next;
        e[l] = s * p;
        d[l] = c * p;
    }

    private static double Hypotenuse(double a, double b)
    {
        a = Math.Abs(a);
        b = Math.Abs(b);
        var (large, small) = a > b ? (a, b) : (b, a);
        if (large == 0)
        {
            return 0;
        }

        var q = small / large;
        return large * Math.Sqrt(1 + (q * q));
    }
}
