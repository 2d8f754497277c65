using System.Text;
using Google.Protobuf;
using Telemetry.Bridge;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.Sparkplug.Fold;
using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.State;
using Telemetry.Testing.Sparkplug;
using Telemetry.Testing.Sparkplug.Wire;
using Metric = Telemetry.Testing.Sparkplug.Wire.Payload.Types.Metric;
using Quality = Telemetry.Contracts.Readings.Quality;

namespace Telemetry.Tests.Sparkplug;

/// <summary>One reading that came out.</summary>
internal sealed record Emitted(string Device, string Sensor, long TimeUs, double Value, Quality Quality, ulong BootId, ulong Sequence);

/// <summary>A fold with a clock that the test turns, fed as the broker feeds it.</summary>
internal sealed class FoldFixture
{
    private readonly BridgeOptions _options;
    private readonly List<PublishRecord> _outputs = [];

    public FoldFixture(SparkplugOptions? options = null, BridgeOptions? bridge = null)
    {
        _options = (bridge ?? new BridgeOptions()) with { Sparkplug = options ?? new SparkplugOptions() };
        Fold = new SparkplugFold(_options);
        Edge = new ScriptedEdge("plant", "line-1");
        NowMs = Edge.NowMs;
    }

    public SparkplugFold Fold { get; private set; }

    public ScriptedEdge Edge { get; }

    public long NowMs { get; set; }

    public long Offset { get; private set; }

    public IReadOnlyList<PublishRecord> Outputs => _outputs;

    /// <summary>The only node, as the fold knows it.</summary>
    public NodeState Node => Fold.Table.Slots.ShouldHaveSingleItem().State!;

    public List<Emitted> Readings => [.. Values(LogTopics.Readings).SelectMany(Decode)];

    public List<DeviceEvent> Events => [.. Values(LogTopics.DeviceEvents).Select(v => DeviceEvent.Parser.ParseFrom(v.Span))];

    public List<DeadLetter> DeadLetters => [.. Values(LogTopics.DeadLetters).Select(v => DeadLetter.Parser.ParseFrom(v.Span))];

    public List<CatalogueEntry> Catalogue => [.. Values(LogTopics.Catalogue).Select(v => CatalogueEntry.Parser.ParseFrom(v.Span))];

    /// <summary>Online, born with metrics <c>a</c> (1) and <c>b</c> (2); outputs so far are forgotten.</summary>
    public static FoldFixture Born(SparkplugOptions? options = null)
    {
        var fixture = new FoldFixture(options);
        fixture.Send(fixture.Edge.NBirth(fixture.Edge.Born("a", 1, 10), fixture.Edge.Born("b", 2, 20)));
        fixture.Forget();
        return fixture;
    }

    /// <summary>As <see cref="Born"/>, with the device <c>press</c>: metric <c>t</c> (7).</summary>
    public static FoldFixture BornWithDevice(SparkplugOptions? options = null)
    {
        var fixture = Born(options);
        fixture.Send(fixture.Edge.DBirth("press", fixture.Edge.Born("t", 7, 30)));
        fixture.Forget();
        return fixture;
    }

    public void Forget() => _outputs.Clear();

    /// <summary>Time goes on, for host and edge node.</summary>
    public void Advance(TimeSpan time)
    {
        NowMs += (long)time.TotalMilliseconds;
        Edge.NowMs += (long)time.TotalMilliseconds;
    }

    /// <summary>The broker accepts messages, a millisecond apart.</summary>
    public void Send(params EdgeMessage[] messages)
    {
        foreach (var message in messages)
        {
            Process(RecordOf(message, Offset, NowMs));
            NowMs++;
            Edge.NowMs++;
        }
    }

    /// <summary>The owner lets the time of a quiet partition go on.</summary>
    public void Tick() => Process(new LogRecord(LogTopics.Sparkplug, 0, Offset, NowMs, default, RawPublish.Tick.ToArray(), RecordHeaders.Empty));

    /// <summary>The process ends and another goes on: state as written with a commit, and nothing else.</summary>
    public void Restart()
    {
        var batch = new StateBatch();
        Fold.Collect(batch, Offset, _options.Sparkplug.State.SnapshotCycle);
        Fold = new SparkplugFold(_options);
        for (var i = 0; i < batch.Count; i++)
        {
            batch.Get(i, out var key, out var value);
            Fold.Table.Load(key, value);
        }

        Fold.Table.CompleteLoad();
        Fold.RestorePartition();
        Fold.Table.CompleteReplay();
    }

    public static LogRecord RecordOf(in EdgeMessage message, long offset, long nowMs)
    {
        var topic = Encoding.UTF8.GetBytes(message.Topic);
        var head = new byte[RawPublish.HeadBytesMax(topic)];
        var length = RawPublish.WriteHead(head, topic, "client-1");
        var levels = message.Topic.Split('/');
        return new LogRecord(
            LogTopics.Sparkplug, 0, offset, nowMs, Encoding.UTF8.GetBytes($"{levels[1]}/{levels[3]}"),
            (byte[])[.. head.AsSpan(0, length), .. message.Payload], RecordHeaders.Empty);
    }

    /// <summary>The same message with another number.</summary>
    public static EdgeMessage Numbered(in EdgeMessage message, byte seq)
    {
        var payload = Payload.Parser.ParseFrom(message.Payload);
        payload.Seq = seq;
        return message with { Payload = payload.ToByteArray() };
    }

    public static EdgeMessage Changed(in EdgeMessage message, Action<Payload> change)
    {
        var payload = Payload.Parser.ParseFrom(message.Payload);
        change(payload);
        return message with { Payload = payload.ToByteArray() };
    }

    /// <summary>Births one metric and returns what became of it.</summary>
    public static Emitted? ReadingOf(Metric metric)
    {
        var fixture = new FoldFixture();
        metric.Name = "m";
        metric.Timestamp = (ulong)fixture.Edge.NowMs;
        fixture.Send(fixture.Edge.NBirth(metric));
        return fixture.Readings.SingleOrDefault();
    }

    public void Process(in LogRecord record)
    {
        Fold.Process(record);
        Offset = record.Offset + 1;
        _outputs.AddRange(Fold.Output.Take());
    }

    private static IEnumerable<Emitted> Decode(ReadOnlyMemory<byte> message)
    {
        var batch = new ReadingBatchBuffer();
        batch.TryDecode(message, out var error).ShouldBeTrue(error.ToString());
        return [.. Enumerable.Range(0, batch.Count).Select(i => new Emitted(
            Encoding.ASCII.GetString(batch.Device), Encoding.ASCII.GetString(batch.Sensor(batch.SensorIndexes[i])), batch.EventTimes[i],
            batch.Values[i], batch.Qualities[i], batch.BootId, batch.Sequence(i)))];
    }

    private IEnumerable<ReadOnlyMemory<byte>> Values(string topic) => _outputs.Where(r => r.Topic == topic).Select(r =>
    {
        ConfluentFrame.TryRead(r.Value, out _, out var message).ShouldBeTrue();
        return message;
    });
}
