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

    /// <summary>How far beyond that the largest go, on average.</summary>
    public ChannelScores Beyond;

    public Maxima Past;
    private readonly int _pad;
    public long StartMicros;

    /// <summary>log10 of the readings in which the usual values are reached once.</summary>
    public double Odds;

    /// <summary>Readings in the blocks that are full, on average.</summary>
    public float ReadingsPerBlock;
    public int Readings;
    public short Growth;
    public short Full;
    public short Next;

    /// <summary>Full blocks since the profile of the day is known.</summary>
    public short Placed;

    /// <summary><see cref="Odds"/> of the channels that need the profile of the day; 0 while they have not seen enough.</summary>
    public double PlacedOdds;

    /// <summary>Channels that say nothing before the profile of the day is known: their blocks begin then.</summary>
    public static bool IsPlaced(Channel channel) => channel is Channel.Above or Channel.Below;

    /// <summary>-log10 p of a channel's score, 0 to <see cref="ScoreMax"/>; 0 while nothing is known.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="tuning">The constants.</param>
    /// <param name="score">Its score.</param>
    /// <param name="resolution">What the score of a rounded value is uncertain by.</param>
    /// <param name="index">Index of the tail.</param>
    public readonly double Score(Channel channel, TypedTuning tuning, float score, float resolution, double index)
    {
        var (floor, own) = (tuning.Channels[(int)channel].Floor, tuning.Channels[(int)channel].Index);
        var usual = Math.Max(Usual[(int)channel], floor) + resolution;
        var isPlaced = IsPlaced(channel);
        if ((isPlaced ? PlacedOdds == 0 : Full == 0) || score < 0.5f * usual)
        {
            return 0;
        }

        var odds = isPlaced ? PlacedOdds : Odds;

        var ratio = Math.Min(score / (double)usual, 1e30);
        if (index == 0)
        {
            return Math.Min(odds * ratio, ScoreMax);
        }

        // Generalised Pareto beyond the usual maximum; the power law of the channel below it, where nothing is alarming.
        var beyond = (Beyond[(int)channel] * own / index) + (resolution / index);
        var far = ratio <= 1 ? ratio : 1 + ((score - usual) / (index * beyond));
        return Math.Clamp(odds + (index * Math.Log10(Math.Min(far, 1e30))), 0, ScoreMax);
    }

    /// <summary>Learns from a reading's scores, each capped once blocks are many and long enough; ends the block when it is full.</summary>
    public void Take(in ChannelScores scores, TypedTuning tuning, double dwell, double placedDwell, bool isPlaced, int placedBlocks, bool learnsRuns, long micros)
    {
        var (grown, placedGrown) = (IsGrown(tuning, dwell), IsGrown(tuning, placedDwell));
        var most = Growth == 0 || !grown ? 1e30f : (float)tuning.LearnMost;
        for (var c = Channel.Residual; c < Channel.Above; c++)
        {
            Learn(c, scores, c == Channel.Run && learnsRuns ? 1e30f : most, tuning);
        }

        if (isPlaced)
        {
            most = Growth == 0 || !placedGrown || Placed < placedBlocks ? 1e30f : (float)tuning.LearnMost;
            for (var c = Channel.Above; c < Channel.Count; c++)
            {
                Learn(c, scores, most, tuning);
            }
        }

        if (Readings++ == 0)
        {
            StartMicros = micros;
        }

        var factor = 1 << Growth;
        if (Readings >= FirstReadings * factor && ((double)micros - StartMicros) * 1e-6 >= FirstSeconds * factor)
        {
            Placed = (short)Math.Min(Placed + (isPlaced ? 1 : 0), Blocks);
            End(tuning, factor, grown, placedGrown, placedDwell, placedBlocks);
        }
    }

    /// <summary>Of the block that is being filled only what is near the usual stays: the rest was a fault.</summary>
    /// <param name="tuning">Constants.</param>
    /// <param name="keepsRuns">True: runs stay.</param>
    public void Forget(TypedTuning tuning, bool keepsRuns)
    {
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            if (keepsRuns && c == (int)Channel.Run)
            {
                continue;
            }

            Now[c] = Math.Min(Now[c], (float)tuning.LearnMost * Math.Max(Usual[c], tuning.Channels[c].Floor));
        }
    }

    /// <summary>Forgets what the channels that need the profile of the day learned against the slow level.</summary>
    public void RestartPlaced()
    {
        (Placed, PlacedOdds) = (0, 0);
        Span<ushort> past = Past;
        for (var c = (int)Channel.Above; c < (int)Channel.Count; c++)
        {
            past.Slice(c * Blocks, Blocks).Clear();
            (Now[c], Usual[c], Beyond[c]) = (0, 0, 0);
        }
    }

    private void Learn(Channel channel, in ChannelScores scores, float most, TypedTuning tuning)
    {
        var c = (int)channel;
        Now[c] = Math.Max(Now[c], Math.Min(scores[c], most * Math.Max(Usual[c], tuning.Channels[c].Floor)));
    }

    private void End(TypedTuning tuning, int factor, bool grown, bool placedGrown, double placedDwell, int placedBlocks)
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
        Summarise(tuning, grown, placedGrown, placedDwell, placedBlocks);
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
        Placed = (short)((Placed + 1) / 2);
        Next = Full;
        Growth++;
        ReadingsPerBlock *= 2;
    }

    private void Summarise(TypedTuning tuning, bool grown, bool placedGrown, double placedDwell, int placedBlocks)
    {
        var rank = grown ? Math.Max(1, (int)(Full * tuning.RankShare)) : 1;
        var placedRank = placedGrown ? Math.Max(1, (int)(Placed * tuning.RankShare)) : 1;
        Odds = Math.Log10(Math.Max(1, Full * ReadingsPerBlock / rank));
        PlacedOdds = Placed < placedBlocks || Placed * ReadingsPerBlock < tuning.PlacedDwells * Math.Min(placedDwell, tuning.DwellMost)
            ? 0
            : Math.Log10(Math.Max(2, Placed * ReadingsPerBlock / placedRank));
        Span<ushort> sorted = stackalloc ushort[Blocks];
        sorted = sorted[..Full];
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            ReadOnlySpan<ushort> all = Past;
            all.Slice(c * Blocks, Full).CopyTo(sorted);
            sorted.Sort();
            var from = IsPlaced((Channel)c) ? placedRank
                : c == (int)Channel.Run && grown ? Math.Max(1, (int)(Full * tuning.RunRankShare))
                : rank;
            Usual[c] = Unpack(sorted[^from]);
            Beyond[c] = Excess(sorted, from, Usual[c], tuning.Channels[c], tuning);
        }
    }

    /// <summary>Mean excess of the largest over the usual maximum, drawn towards what the channel's index says.</summary>
    private static float Excess(ReadOnlySpan<ushort> sorted, int rank, float seen, ChannelTuning channel, TypedTuning tuning)
    {
        var usual = Math.Max(seen, channel.Floor);
        var expected = channel.Index > 0 ? usual / channel.Index : 0;
        var sum = 0f;
        for (var i = 1; i < rank; i++)
        {
            sum += Math.Max(0, Unpack(sorted[^i]) - usual);
        }

        // Where the floor stands in for what was seen, what was seen says nothing of the tail beyond.
        return !channel.IsMeasured || seen < usual ? expected : (sum + ((float)tuning.ExcessWeight * expected)) / (rank - 1 + (float)tuning.ExcessWeight);
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
