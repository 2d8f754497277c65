using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Recognises channels of few states, and counters.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct ShapeState
{
    public const int StatesMax = 8;

    /// <summary>Readings before a shape is settled.</summary>
    private const int ReadingsNeeded = 24;

    /// <summary>Increases of a counter before it is one.</summary>
    private const int RisesNeeded = 16;

    /// <summary>Changes of state, readings and seconds after which a state never seen before is strange.</summary>
    private const int ChangesNeeded = 20;
    private const int StatesNeeded = 500;
    private const double StatesSeconds = 86_400;

    /// <summary>Different values so far, while they are whole and few.</summary>
    public States Known;

    /// <summary>The last value as it was sent.</summary>
    public double Last;

    public int StateCount;
    public int Rises;
    public int Falls;
    public int Changes;

    /// <summary>Resets of a counter.</summary>
    public int Resets;
    public SeriesShape Shape;
    private readonly byte _pad;
    private readonly short _pad2;

    /// <summary>Takes the next value as it was sent. True if it is a state never seen before, of a channel whose states are known.</summary>
    public bool Take(double value, int seen, double ageSeconds, SeriesShape given)
    {
        var isKnown = Changes >= ChangesNeeded && seen > StatesNeeded && ageSeconds >= StatesSeconds;
        var isNew = Count(value);
        if (seen > 1 && value != Last)
        {
            Rises += value > Last ? 1 : 0;
            Falls += value < Last ? 1 : 0;
            Changes++;
        }

        Last = value;
        var shape = given != SeriesShape.Unknown ? given : Recognise(seen);
        Shape = shape;
        return isNew && isKnown && shape == SeriesShape.State;
    }

    private bool Count(double value)
    {
        if (StateCount > StatesMax)
        {
            return false;
        }

        for (var i = 0; i < StateCount; i++)
        {
            if (Known[i] == value)
            {
                return false;
            }
        }

        if (StateCount < StatesMax)
        {
            Known[StateCount] = value;
        }
        else
        {
            // More than are told apart, and not looked at any more: zeros take no room in the state on the log.
            Known = default;
        }

        StateCount++;
        return true;
    }

    private readonly SeriesShape Recognise(int seen)
    {
        if (seen < ReadingsNeeded)
        {
            return SeriesShape.Unknown;
        }

        if (Rises >= RisesNeeded && Falls * 64 < Rises && StateCount > StatesMax)
        {
            return SeriesShape.Counter;
        }

        if (StateCount <= StatesMax && AreWhole())
        {
            return SeriesShape.State;
        }

        return SeriesShape.Analog;
    }

    private readonly bool AreWhole()
    {
        for (var i = 0; i < StateCount; i++)
        {
            if (Known[i] != Math.Floor(Known[i]))
            {
                return false;
            }
        }

        return true;
    }

    [InlineArray(StatesMax)]
    public struct States
    {
        private double _first;
    }
}
