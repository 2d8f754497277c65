using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// What every channel's score is usually at most: the largest score of each of the last 24 blocks of readings. The third largest of them is
/// exceeded about three times in as many readings as the blocks hold, which gives a point of the tail; beyond it the tail is a power law. One
/// or two undetected faults do not move the third largest, and a fault that was found counts only up to the alarm level.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct TailState
{
    public const int Blocks = 24;

    /// <summary>Readings of the first blocks.</summary>
    private const int FirstReadings = 25;

    /// <summary>Seconds of the first blocks, at least.</summary>
    private const double FirstSeconds = 60;

    /// <summary>Blocks grow until they hold so many readings ...</summary>
    private const int ReadingsMax = 500;

    /// <summary>... and last so many seconds.</summary>
    private const double SecondsMax = 3600;

    /// <summary>Largest score of the block that is being filled.</summary>
    public ChannelScores Now;

    /// <summary>What is usually reached at most.</summary>
    public ChannelScores Usual;

    public Maxima Past;
    public long StartMicros;

    /// <summary>Readings in the blocks that are full, on average.</summary>
    public double ReadingsPerBlock;
    public int Readings;
    public int Growth;
    public int Full;
    public int Next;

    /// <summary>Readings the usual values stand for, over the rank: one over the probability of reaching them.</summary>
    public readonly double Odds => Math.Max(1, Full * ReadingsPerBlock / Rank);

    public readonly int Rank => Full < 6 ? 1 : Full < 12 ? 2 : 3;

    public void Take(in ChannelScores scores)
    {
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            Now[c] = Math.Max(Now[c], scores[c]);
        }
    }

    /// <summary>Ends the block when it is full; true if it did.</summary>
    public bool Advance(long micros)
    {
        if (Readings++ == 0)
        {
            StartMicros = micros;
        }

        var factor = 1 << Growth;
        if (Readings < FirstReadings * factor || (micros - (double)StartMicros) * 1e-6 < FirstSeconds * factor)
        {
            return false;
        }

        for (var c = 0; c < (int)Channel.Count; c++)
        {
            Past[(c * Blocks) + Next] = Pack(Now[c]);
        }

        Next = (Next + 1) % Blocks;
        ReadingsPerBlock += (Readings - ReadingsPerBlock) / Math.Min(Full + 1, Blocks);
        Full = Math.Min(Full + 1, Blocks);
        if (Full == Blocks && (FirstReadings * factor < ReadingsMax || FirstSeconds * factor < SecondsMax))
        {
            Merge();
        }

        Now = default;
        Readings = 0;
        Summarise();
        return true;
    }

    /// <summary>Two neighbours become one block of twice the length.</summary>
    private void Merge()
    {
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            for (var b = 0; b < Blocks / 2; b++)
            {
                var at = c * Blocks;
                Past[at + b] = Math.Max(Past[at + (2 * b)], Past[at + (2 * b) + 1]);
            }
        }

        Full = Blocks / 2;
        Next = Full;
        Growth++;
        ReadingsPerBlock *= 2;
    }

    private void Summarise()
    {
        var rank = Rank;
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            ushort first = 0, second = 0, third = 0;
            for (var b = 0; b < Full; b++)
            {
                var value = Past[(c * Blocks) + b];
                if (value > first)
                {
                    (first, second, third) = (value, first, second);
                }
                else if (value > second)
                {
                    (second, third) = (value, second);
                }
                else if (value > third)
                {
                    third = value;
                }
            }

            Usual[c] = Unpack(rank == 1 ? first : rank == 2 ? second : third);
        }
    }

    /// <summary>The upper half of a single: eight bits of exponent and seven of fraction.</summary>
    private static ushort Pack(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);

    private static float Unpack(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    [InlineArray(Blocks * (int)Channel.Count)]
    public struct Maxima
    {
        private ushort _first;
    }
}
