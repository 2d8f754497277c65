namespace Telemetry.Contracts.Readings;

/// <summary>Why bytes are not a <c>ReadingBatch</c>. The kebab-case name is the dead-letter cause and the metric label.</summary>
public enum ReadingBatchError
{
    None = 0,

    /// <summary>Not Protobuf: a length, tag, wire type or variable-length integer is wrong or cut off.</summary>
    Malformed,

    /// <summary>Larger than <see cref="ReadingLimits.BatchBytesMax"/>.</summary>
    TooLarge,

    /// <summary>More readings than <see cref="ReadingLimits.ReadingsMax"/>.</summary>
    TooManyReadings,

    /// <summary>More sensors than <see cref="ReadingLimits.SensorsMax"/>.</summary>
    TooManySensors,

    /// <summary>No reading in it.</summary>
    Empty,

    /// <summary>Device id missing or not legal (<see cref="ReadingNames.IsDevice"/>).</summary>
    BadDevice,

    /// <summary>A sensor name is missing or not legal (<see cref="ReadingNames.IsSensor"/>).</summary>
    BadSensor,

    /// <summary>Boot id is 0.</summary>
    NoBootId,

    /// <summary>Sequence is 0, or the last one would pass 2^64 - 1.</summary>
    BadSequence,

    /// <summary>The columns differ in length.</summary>
    ColumnsDiffer,

    /// <summary>A sensor index points past the sensors.</summary>
    BadSensorIndex,

    /// <summary>A time overflows 64 bits of microseconds.</summary>
    BadTime,

    /// <summary>A quality is not one of good, uncertain, bad.</summary>
    BadQuality,

    /// <summary>The schema id in front of it is of no version of <c>ReadingBatch</c> that is known here.</summary>
    SchemaUnknown,

    /// <summary>The batch says another number of readings than it has: it was cut off or put together wrongly.</summary>
    CountDiffers,

    /// <summary>The batch does not say how many readings it has, and this site demands it.</summary>
    CountMissing,
}
