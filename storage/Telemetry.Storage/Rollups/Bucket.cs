namespace Telemetry.Storage.Rollups;

/// <summary>
/// What a row of a rollup says of the readings of one series in one minute, hour or day. The same as the views <c>mv_1m</c>, <c>mv_1h</c> and
/// <c>mv_1d</c> make of them (Schema/0008, 0013); only the order in which values are added may differ.
/// </summary>
internal struct Bucket
{
    /// <summary>Values from here on in magnitude (2^960) are summed apart, times <see cref="Scale"/>, so that no sum overflows.</summary>
    private const double Large = 9.7453140114e288;

    /// <summary>2^-64.</summary>
    private const double Scale = 5.421010862427522e-20;

    /// <summary>Series, as the aggregator numbers them.</summary>
    public int Series;

    /// <summary>Unix seconds.</summary>
    public uint Start;

    /// <summary>Readings; of a marker row the offsets it covers.</summary>
    public ulong Count;

    /// <summary>Readings that are neither NaN nor infinite; everything below is over these.</summary>
    public ulong FiniteCount;

    public double Min;
    public double Max;
    public double Sum;
    public double SumScaled;
    public double SumOfSquares;
    public ReadingPoint First;
    public ReadingPoint Last;

    /// <summary>A bucket without readings.</summary>
    public Bucket(int series, uint start)
    {
        Series = series;
        Start = start;
        Min = double.PositiveInfinity;
        Max = double.NegativeInfinity;
        First = ReadingPoint.NoFirst;
        Last = ReadingPoint.NoLast;
    }

    public void Add(long time, ulong sequence, double value)
    {
        Count++;
        if (!double.IsFinite(value))
        {
            return;
        }

        var point = new ReadingPoint(time, sequence, value);
        if (FiniteCount++ == 0)
        {
            (Min, Max, First, Last) = (value, value, point, point);
        }
        else
        {
            Min = value < Min ? value : Min;
            Max = value > Max ? value : Max;
            First = point.IsBefore(First) ? point : First;
            Last = Last.IsBefore(point) ? point : Last;
        }

        if (Math.Abs(value) < Large)
        {
            Sum += value;
        }
        else
        {
            SumScaled += value * Scale;
        }

        SumOfSquares += value * value;
    }

    /// <summary>Adds the readings of a shorter bucket.</summary>
    public void Add(in Bucket part)
    {
        Count += part.Count;
        if (part.FiniteCount == 0)
        {
            return;
        }

        FiniteCount += part.FiniteCount;
        Min = part.Min < Min ? part.Min : Min;
        Max = part.Max > Max ? part.Max : Max;
        Sum += part.Sum;
        SumScaled += part.SumScaled;
        SumOfSquares += part.SumOfSquares;
        First = part.First.IsBefore(First) ? part.First : First;
        Last = FiniteCount == part.FiniteCount || Last.IsBefore(part.Last) ? part.Last : Last;
    }
}
