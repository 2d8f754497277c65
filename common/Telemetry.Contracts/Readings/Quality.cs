namespace Telemetry.Contracts.Readings;

/// <summary>Quality of a reading, the three classes of OPC UA. The numbers are those on the wire and in the store.</summary>
public enum Quality : byte
{
    /// <summary>The device vouches for the value.</summary>
    Good = 0,

    /// <summary>The value may be off, for example out of calibration.</summary>
    Uncertain = 1,

    /// <summary>The value is not to be used.</summary>
    Bad = 2,
}
