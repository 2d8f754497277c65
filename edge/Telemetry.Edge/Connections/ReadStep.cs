namespace Telemetry.Edge.Connections;

/// <summary>What the read loop has to do after it handled the packets it had.</summary>
internal enum ReadStep
{
    /// <summary>Wait for more bytes.</summary>
    ReadMore,

    /// <summary>Go on with the next packet.</summary>
    Next,

    /// <summary>A CONNECT is to be judged.</summary>
    Connect,

    /// <summary>The log has no room: wait for it and handle the same packet again.</summary>
    WaitForIngest,

    /// <summary>The log for messages of persistent sessions has no room: wait for it and handle the same packet again.</summary>
    WaitForLog,

    /// <summary>Too many answers are owed to a 3.1.1 client: wait until one went out and handle the same packet again.</summary>
    WaitForAcks,

    /// <summary>The connection ends.</summary>
    Close,
}
