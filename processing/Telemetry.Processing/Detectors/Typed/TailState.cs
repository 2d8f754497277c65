using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// What every channel's score is usually at most: the largest score of each of the last 24 blocks of readings, of which the one a third from
/// the top is taken (peaks over threshold, with the peaks of blocks). It stands for one reading in so many, which gives a point of the tail.
/// Undetected faults touch few blocks and do not move it, and no score is learned as more than a little above it.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct TailState
{
    public const int Blocks = 24;

    /// <summary>Beyond it a p-value has no meaning but its rank.</summary>
    public const double ScoreMax = 300;

    /// <summary>Readings of the first blocks; they double as the series grows.</summary>
    private const int FirstReadings = 25;

    /// <summary>Seconds of the first blocks, at least.</summary>
    private const double FirstSeconds = 60;

    /// <summary>Largest score of the block that is being filled.</summary>
    public ChannelScores Now;

    /// <summary>What is usually reached at most.</summary>
    public ChannelScores Usual;

    public Maxima Past;
    public long StartMicros;

    /// <summary>log10 of the readings in which the usual values are reached once.</summary>
    public double Odds;

    /// <summary>Readings in the blocks that are full, on average.</summary>
    public float ReadingsPerBlock;
    public int Readings;
    public short Growth;
    public short Full;
    public short Next;
    private readonly short _pad;

    /// <summary>-log10 p of a channel's score, 0 to <see cref="ScoreMax"/>; 0 while nothing is known.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="tuning">Its tail.</param>
    /// <param name="score">Its score.</param>
    /// <param name="resolution">What the score of a rounded value is uncertain by.</param>
    /// <param name="index">Index of the tail.</param>
    public readonly double Score(Channel channel, ChannelTuning tuning, float score, float resolution, double index)
    {
        var usual = Math.Max(Usual[(int)channel], tuning.Floor) + resolution;
        if (Full == 0 || score < 0.5f * usual)
        {
            return 0;
        }

        var ratio = Math.Min(score / (double)usual, 1e30);
        return Math.Clamp(index == 0 ? Odds * ratio : Odds + (index * Math.Log10(ratio)), 0, ScoreMax);
    }

    /// <summary>Learns from a reading's scores, each capped once blocks are many and long enough; ends the block when it is full.</summary>
    public void Take(in ChannelScores scores, TypedTuning tuning, double dwell, long micros)
    {
        var grown = IsGrown(tuning, dwell);
        var most = Growth == 0 || !grown ? 1e30f : (float)tuning.LearnMost;
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            Now[c] = Math.Max(Now[c], Math.Min(scores[c], most * Math.Max(Usual[c], tuning.Channels[c].Floor)));
        }

        if (Readings++ == 0)
        {
            StartMicros = micros;
        }

        var factor = 1 << Growth;
        if (Readings >= FirstReadings * factor && ((double)micros - StartMicros) * 1e-6 >= FirstSeconds * factor)
        {
            End(tuning, factor, grown);
        }
    }

    private void End(TypedTuning tuning, int factor, bool grown)
    {
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            Past[(c * Blocks) + Next] = Pack(Now[c]);
        }

        Next = (short)((Next + 1) % Blocks);
        ReadingsPerBlock += (Readings - ReadingsPerBlock) / Math.Min(Full + 1, Blocks);
        Full = (short)Math.Min(Full + 1, Blocks);
        if (Full == Blocks && Growth < 20
            && (FirstReadings * factor < tuning.BlockReadings || FirstSeconds * factor < tuning.BlockSeconds))
        {
            Merge();
        }

        Now = default;
        Readings = 0;
        Summarise(tuning, grown);
    }

    /// <summary>Blocks are long enough that each holds what the series usually does.</summary>
    public readonly bool IsGrown(TypedTuning tuning, double dwell) =>
        FirstReadings * (1 << Growth) >= tuning.BlockDwells * Math.Min(dwell, tuning.DwellMost);

    /// <summary>Two neighbours become one block of twice the length.</summary>
    private void Merge()
    {
        for (var at = 0; at < (int)Channel.Count * Blocks; at += Blocks)
        {
            for (var b = 0; b < Blocks / 2; b++)
            {
                Past[at + b] = Math.Max(Past[at + (2 * b)], Past[at + (2 * b) + 1]);
            }
        }

        Full = Blocks / 2;
        Next = Full;
        Growth++;
        ReadingsPerBlock *= 2;
    }

    private void Summarise(TypedTuning tuning, bool grown)
    {
        var rank = grown ? Math.Max(1, (int)(Full * tuning.RankShare)) : 1;
        Odds = Math.Log10(Math.Max(1, Full * ReadingsPerBlock / rank));
        Span<ushort> sorted = stackalloc ushort[Blocks];
        sorted = sorted[..Full];
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            ReadOnlySpan<ushort> all = Past;
            all.Slice(c * Blocks, Full).CopyTo(sorted);
            sorted.Sort();
            var from = c == (int)Channel.Run && grown ? Math.Max(1, (int)(Full * tuning.RunRankShare)) : rank;
            Usual[c] = Unpack(sorted[^from]);
        }
    }

    /// <summary>The upper half of a single: eight bits of exponent and seven of fraction; in the order of the numbers.</summary>
    private static ushort Pack(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    private static float Unpack(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    [InlineArray(Blocks * (int)Channel.Count)]
    public struct Maxima
    {
        private ushort _first;
    }
}
