using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Rollups;

/// <summary>
/// The state of ClickHouse's <c>quantilesDD(0.01, ...)</c>, byte for byte as the engine writes it: a DDSketch with a relative accuracy of 1 %.
/// It counts values in bins that are 1.01 / 0.99 wide: bin k holds the values from gamma^k on.
/// Sources: Masson, Rim, Lee, "DDSketch" (VLDB 2019), section 2; ClickHouse, src/AggregateFunctions/DDSketch.h and DDSketch/*.h.
/// </summary>
internal static class QuantileSketch
{
    public const string Type = "AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64)";

    // As in the rollups' views: what is smaller counts as 0, what is larger as this.
    private const double Smallest = 1e-12;
    private const double Largest = 1e18;

    private const double Gamma = (1 + 0.01) / (1 - 0.01);
    private static readonly double Multiplier = 1 / Math.Log(Gamma);

    // Bins of positive values lie around this code, those of negative ones around its opposite, and 0 is 0: so codes sort by store.
    private const int Positive = 1 << 20;

    private const byte MappingFlag = 0b10;
    private const byte PositiveFlag = 0b01;
    private const byte NegativeFlag = 0b11;
    private const byte ZeroFlag = 0b100;
    private const byte SparseFlag = 1 << 2;
    private const byte DenseFlag = 3 << 2;

    /// <summary>Which bin a value belongs to, as one number.</summary>
    /// <param name="value">Finite.</param>
    public static int Code(double value)
    {
        var magnitude = Math.Abs(value);
        if (magnitude < Smallest)
        {
            return 0;
        }

        var bin = (int)(Math.Log(Math.Min(magnitude, Largest)) * Multiplier);
        return value > 0 ? Positive + bin : bin - Positive;
    }

    /// <summary>Writes the state of a sketch.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="codes">Of its values; are put in order.</param>
    public static void Write(NativeWriter writer, Span<int> codes)
    {
        codes.Sort();
        var zeros = LowerBound(codes, 0);
        var positives = LowerBound(codes, 1);
        writer.Byte(MappingFlag);
        writer.Float64(Gamma);
        writer.Float64(0);
        writer.Byte(PositiveFlag);
        WriteStore(writer, codes[positives..], Positive);
        writer.Byte(NegativeFlag);
        WriteStore(writer, codes[..zeros], -Positive);
        writer.Byte(ZeroFlag);
        writer.Float64(positives - zeros);
    }

    /// <summary>The engine takes the shorter of two forms: all bins between the first and the last, or those that hold something.</summary>
    private static void WriteStore(NativeWriter writer, ReadOnlySpan<int> codes, int zero)
    {
        if (codes.IsEmpty)
        {
            writer.Byte(DenseFlag);
            writer.Varint(0);
            Signed(writer, int.MaxValue);
            Signed(writer, 1);
            return;
        }

        var (first, last) = (codes[0] - zero, codes[^1] - zero);
        var held = 1;
        for (var i = 1; i < codes.Length; i++)
        {
            held += codes[i] != codes[i - 1] ? 1 : 0;
        }

        var bins = last - first + 1;
        if ((bins - held) * sizeof(double) <= held * 2)
        {
            writer.Byte(DenseFlag);
            writer.Varint((ulong)bins);
            Signed(writer, first);
            Signed(writer, 1);
            for (var (bin, at) = (first, 0); bin <= last; bin++)
            {
                var length = RunLength(codes[at..], bin + zero);
                writer.Float64(length);
                at += length;
            }

            return;
        }

        writer.Byte(SparseFlag);
        writer.Varint((ulong)held);
        for (var (at, before) = (0, 0); at < codes.Length;)
        {
            var bin = codes[at] - zero;
            var length = RunLength(codes[at..], codes[at]);
            Signed(writer, bin - before);
            writer.Float64(length);
            (before, at) = (bin, at + length);
        }
    }

    /// <summary>How many codes in front are this one.</summary>
    private static int RunLength(ReadOnlySpan<int> codes, int code)
    {
        var length = codes.IndexOfAnyExcept(code);
        return length < 0 ? codes.Length : length;
    }

    /// <summary>How many codes are less.</summary>
    private static int LowerBound(ReadOnlySpan<int> codes, int code)
    {
        var (from, to) = (0, codes.Length);
        while (from < to)
        {
            var middle = (from + to) / 2;
            (from, to) = codes[middle] < code ? (middle + 1, to) : (from, middle);
        }

        return from;
    }

    /// <summary>Zigzag, then 7 bits a byte.</summary>
    private static void Signed(NativeWriter writer, long value) => writer.Varint((ulong)((value << 1) ^ (value >> 63)));
}
