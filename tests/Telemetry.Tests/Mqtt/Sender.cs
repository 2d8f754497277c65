namespace Telemetry.Tests.Mqtt;

/// <summary>Which end of a connection wrote a packet: decides who reads it, the broker's codec or the tests' own reader.</summary>
internal enum Sender
{
    Client,
    Server,
}
