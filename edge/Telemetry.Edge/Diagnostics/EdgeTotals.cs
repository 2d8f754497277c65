namespace Telemetry.Edge.Diagnostics;

/// <summary>What the broker has counted since its start.</summary>
/// <param name="PublishesReceived">PUBLISH packets received.</param>
/// <param name="PublishesSent">PUBLISH packets sent.</param>
/// <param name="Dropped">Messages dropped, for whatever cause.</param>
/// <param name="PacketsReceived">Packets of any type received.</param>
/// <param name="PacketsSent">Packets of any type sent.</param>
/// <param name="BytesReceived">Their bytes.</param>
/// <param name="BytesSent">Their bytes.</param>
/// <param name="Connections">Connections taken.</param>
internal readonly record struct EdgeTotals(
    long PublishesReceived,
    long PublishesSent,
    long Dropped,
    long PacketsReceived,
    long PacketsSent,
    long BytesReceived,
    long BytesSent,
    long Connections);
