using System.Numerics;
using System.Runtime.InteropServices;
using Telemetry.Simulator.Signals;

namespace Telemetry.Benchmarks.Storage;

/// <summary>
/// How many bits the columns of a data set need, by what a simple model sees of them, a sensor at a time over all its devices. Empirical entropies,
/// so they hold for the data measured, and for these models: one that knew how a sensor is made could need fewer.
/// <list type="bullet">
/// <item>Time: of the difference to the reading before, in units of the column's resolution (the greatest common divisor of all differences).</item>
/// <item>Value of a sensor with decimals: in units of its last decimal, the least of three: of the value, of the difference to the one before, of that
/// difference given the one before it.</item>
/// <item>Value of a sensor without: sign, exponent and the first four bits of the mantissa together, and each of the six bytes that follow.</item>
/// <item>Sequence: of the difference between two differences. Boot: 64 bits a series. Names: nothing, once a series.</item>
/// </list>
/// </summary>
internal sealed class ColumnEntropy
{
    private const int DecimalsMax = 4;
    private const int ContextMax = 8;

    private readonly Dictionary<SensorKind, Sensor> _sensors = [];
    private long _series;

    /// <summary>Readings taken.</summary>
    public long Count => _sensors.Values.Sum(s => s.Count);

    /// <summary>Bytes a reading, by column.</summary>
    public IReadOnlyDictionary<string, double> Bytes => new Dictionary<string, double>
    {
        ["event_time"] = Weighted(s => s.TimeBits(Resolution)),
        ["value"] = Weighted(s => s.ValueBits),
        ["sequence"] = Weighted(s => s.Steps.Bits),
        ["boot"] = 8.0 * _series / Count,
    };

    /// <summary>Bytes a reading of the values of each sensor, with its decimals; -1: none that hold for every value.</summary>
    public IEnumerable<(SensorKind Sensor, int Decimals, double Bytes)> Values => _sensors.OrderBy(s => s.Key).Select(s => (s.Key, s.Value.Decimals, s.Value.ValueBits / 8));

    private long Resolution => (long)_sensors.Values.SelectMany(s => s.Times.Keys).Aggregate(BigInteger.Zero, (gcd, step) => BigInteger.GreatestCommonDivisor(gcd, step));

    public void Add(SeriesReadings series)
    {
        ref var sensor = ref CollectionsMarshal.GetValueRefOrAddDefault(_sensors, series.Sensor, out _);
        sensor ??= new Sensor();
        sensor.Add(series);
        _series++;
    }

    private double Weighted(Func<Sensor, double> bits) => _sensors.Values.Sum(s => bits(s) * s.Count) / Count / 8;

    private sealed class Sensor
    {
        private readonly Counts[] _bytes = [.. Enumerable.Range(0, 6).Select(_ => new Counts())];
        private readonly Counts _heads = new();
        private readonly Counts _values = new();
        private readonly Counts _differences = new();
        private readonly Dictionary<long, Counts> _given = [];

        public Counts Times { get; } = new();

        public Counts Steps { get; } = new();

        public long Count { get; private set; }

        /// <summary>Decimals that hold for every value; -1: none.</summary>
        public int Decimals { get; private set; } = int.MinValue;

        public double ValueBits => Decimals < 0
            ? _heads.Bits + _bytes.Sum(b => b.Bits)
            : Math.Min(
                Math.Min(_values.Bits, _differences.Bits), _given.Values.Sum(c => c.Bits * c.Total) / Math.Max(1, _given.Values.Sum(c => c.Total)));

        public double TimeBits(long resolution) => Times.Rescaled(resolution).Bits;

        public void Add(SeriesReadings series)
        {
            Count += series.Values.Length;
            var step = 0L;
            for (var i = 1; i < series.Times.Length; i++)
            {
                Times.Add(series.Times[i] - series.Times[i - 1]);
                var next = (long)(series.Sequences[i] - series.Sequences[i - 1]);
                Steps.Add(next - step);
                step = next;
            }

            var decimals = Enumerable.Range(0, DecimalsMax + 1).Where(d => series.Values.All(v => IsExact(v, d))).DefaultIfEmpty(-1).First();
            if (Count > series.Values.Length && decimals != Decimals)
            {
                throw new InvalidOperationException($"{series.Sensor} has {decimals} decimals on device {series.Device} and {Decimals} on those before.");
            }

            Decimals = decimals;
            if (decimals < 0)
            {
                AddBits(series.Values);
            }
            else
            {
                AddScaled(series.Values, Math.Pow(10, decimals));
            }
        }

        private static bool IsExact(double value, int decimals)
        {
            var scale = Math.Pow(10, decimals);
            var scaled = Math.Round(value * scale);
            return Math.Abs(scaled) < 1L << 53 && scaled / scale == value;
        }

        private void AddBits(double[] values)
        {
            foreach (var value in values)
            {
                var bits = BitConverter.DoubleToUInt64Bits(value);
                _heads.Add((long)(bits >> 48));
                for (var i = 0; i < _bytes.Length; i++)
                {
                    _bytes[i].Add((long)((bits >> (8 * i)) & 0xff));
                }
            }
        }

        private void AddScaled(double[] values, double scale)
        {
            var (last, difference) = (0L, 0L);
            for (var i = 0; i < values.Length; i++)
            {
                var scaled = (long)Math.Round(values[i] * scale);
                _values.Add(scaled);
                if (i > 0)
                {
                    _differences.Add(scaled - last);
                    ref var given = ref CollectionsMarshal.GetValueRefOrAddDefault(_given, Math.Clamp(difference, -ContextMax, ContextMax), out _);
                    (given ??= new Counts()).Add(scaled - last);
                    difference = scaled - last;
                }

                last = scaled;
            }
        }
    }

    /// <summary>How often each number came.</summary>
    private sealed class Counts
    {
        private readonly Dictionary<long, long> _counts = [];

        public long Total { get; private set; }

        public IEnumerable<long> Keys => _counts.Keys;

        /// <summary>Entropy, bits for each.</summary>
        public double Bits => _counts.Values.Sum(c => -c * Math.Log2((double)c / Total)) / Math.Max(1, Total);

        public void Add(long number, long times = 1)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_counts, number, out _) += times;
            Total += times;
        }

        public Counts Rescaled(long unit)
        {
            var scaled = new Counts();
            foreach (var (number, times) in _counts)
            {
                scaled.Add(unit == 0 ? number : number / unit, times);
            }

            return scaled;
        }
    }
}
