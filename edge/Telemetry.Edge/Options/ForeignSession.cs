namespace Telemetry.Edge;

/// <summary>What a CONNECT gets whose client id has a session of another identity.</summary>
public enum ForeignSession
{
    /// <summary>CONNACK 0x87 Not authorized; 3.1.1: 5.</summary>
    Refuse,

    /// <summary>An empty session; the other one ends.</summary>
    Fresh,
}
