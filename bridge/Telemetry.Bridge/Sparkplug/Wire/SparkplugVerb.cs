namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>Message types of Sparkplug B that a host takes from edge nodes.</summary>
internal enum SparkplugVerb : byte
{
    None = 0,
    NBirth,
    NDeath,
    NData,
    DBirth,
    DDeath,
    DData,
}
