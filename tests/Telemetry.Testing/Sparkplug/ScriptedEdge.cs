using Google.Protobuf;
using Telemetry.Testing.Sparkplug.Wire;
using Metric = Telemetry.Testing.Sparkplug.Wire.Payload.Types.Metric;

namespace Telemetry.Testing.Sparkplug;

/// <summary>A message of an edge node, ready to be published.</summary>
public readonly record struct EdgeMessage(string Topic, byte[] Payload);

/// <summary>
/// An edge node that counts as the specification says, and writes with the generated classes of the published schema. What a test wants
/// wrong it makes wrong itself.
/// </summary>
public sealed class ScriptedEdge(string group, string edge)
{
    /// <summary>Number of the next message. [tck-id-payloads-sequence-num-incrementing]</summary>
    public byte Seq { get; set; }

    /// <summary>Number of the MQTT session.</summary>
    public ulong BdSeq { get; set; }

    /// <summary>Send time of the next message, milliseconds UTC.</summary>
    public long NowMs { get; set; } = 1_777_896_000_000;

    /// <summary>Topic of a verb of the node, or of a device.</summary>
    public string Topic(string verb, string? device = null) =>
        device is null ? $"spBv1.0/{group}/{verb}/{edge}" : $"spBv1.0/{group}/{verb}/{edge}/{device}";

    /// <summary>NBIRTH; numbers start anew.</summary>
    public EdgeMessage NBirth(params Metric[] metrics)
    {
        Seq = 0;
        return Sequenced(
            "NBIRTH", null,
            [
                new Metric { Name = "bdSeq", Datatype = 4, LongValue = BdSeq, Timestamp = (ulong)NowMs },
                new Metric { Name = "Node Control/Rebirth", Datatype = 11, BooleanValue = false, Timestamp = (ulong)NowMs }, .. metrics,
            ]);
    }

    /// <summary>NDEATH of the present session.</summary>
    public EdgeMessage NDeath() => NDeath(BdSeq);

    /// <summary>NDEATH of any session.</summary>
    public EdgeMessage NDeath(ulong bdSeq) => new(
        Topic("NDEATH"),
        new Payload { Metrics = { new Metric { Name = "bdSeq", Datatype = 4, LongValue = bdSeq } } }.ToByteArray());

    public EdgeMessage NData(params Metric[] metrics) => Sequenced("NDATA", null, metrics);

    public EdgeMessage DBirth(string device, params Metric[] metrics) => Sequenced("DBIRTH", device, metrics);

    public EdgeMessage DData(string device, params Metric[] metrics) => Sequenced("DDATA", device, metrics);

    public EdgeMessage DDeath(string device) => Sequenced("DDEATH", device, []);

    /// <summary>Any message with the next number.</summary>
    public EdgeMessage Sequenced(string verb, string? device, Metric[] metrics)
    {
        var payload = new Payload { Timestamp = (ulong)NowMs, Seq = Seq++ };
        payload.Metrics.AddRange(metrics);
        return new(Topic(verb, device), payload.ToByteArray());
    }

    /// <summary>A metric of a birth: name, alias and datatype.</summary>
    public Metric Born(string name, ulong alias, double value) =>
        new() { Name = name, Alias = alias, Datatype = 10, DoubleValue = value, Timestamp = (ulong)NowMs };

    /// <summary>A metric of data: its alias alone.</summary>
    public Metric Changed(ulong alias, double value) => new() { Alias = alias, DoubleValue = value, Timestamp = (ulong)NowMs };
}
