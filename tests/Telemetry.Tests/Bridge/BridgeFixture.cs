using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Bridge;
using Telemetry.Bridge.Ingest;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Tests.Bridge;

/// <summary>A bridge over a fake log at a fixed time, with the answers it gave.</summary>
internal sealed class BridgeFixture : IIngestCompletion, IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BridgeFixture(BridgeOptions? options = null)
    {
        Ingest = new(options ?? new(), Producer, new FixedTime(), NullLogger<ReadingIngest>.Instance);
    }

    public static long NowUs => Now.ToUnixTimeMilliseconds() * 1000;

    public FakeProducer Producer { get; } = new();

    public ReadingIngest Ingest { get; }

    public List<(IngestResult Result, ulong State)> Answers { get; } = [];

    public Task FirstAnswer => _answered.Task;

    public IEnumerable<ReadingBatch> Stored => Producer.Records.Where(r => r.Topic == LogTopics.Readings)
        .Select(r => ReadingBatch.Parser.ParseFrom(Message(r.Value, SchemaIds.ReadingBatch)));

    public IEnumerable<DeadLetter> DeadLetters => Producer.Records.Where(r => r.Topic == LogTopics.DeadLetters)
        .Select(r => DeadLetter.Parser.ParseFrom(Message(r.Value, SchemaIds.DeadLetter)));

    /// <summary>The sequence of each reading.</summary>
    public static IEnumerable<ulong> Sequences(ReadingBatch batch)
    {
        var sequence = 0UL;
        return batch.SequenceDeltas.Count > 0
            ? [.. batch.SequenceDeltas.Select(delta => sequence += delta)]
            : Enumerable.Range(0, batch.Values.Count).Select(i => batch.FirstSequence + (ulong)i);
    }

    /// <summary>The time of each reading.</summary>
    public static IEnumerable<long> Times(ReadingBatch batch)
    {
        var time = batch.BaseTimeUs;
        return [.. Enumerable.Range(0, batch.Values.Count).Select(i => time += batch.TimeDeltasUs.Count == 0 ? 0 : batch.TimeDeltasUs[i])];
    }

    public static ReadingBatch Batch(params long[] times)
    {
        var batch = new ReadingBatch { Device = "press-1", BootId = 7, FirstSequence = 100, BaseTimeUs = times[0], Sensors = { "t" } };
        var last = times[0];
        foreach (var time in times)
        {
            batch.TimeDeltasUs.Add(time - last);
            batch.Values.Add(batch.Values.Count + 0.5);
            last = time;
        }

        return batch;
    }

    public bool Publish(
        string payload, string topic = "telemetry/v1/press-1/readings", string contentType = "", bool duplicate = false) =>
        Publish(Encoding.UTF8.GetBytes(payload), topic, contentType, duplicate: duplicate);

    public bool Publish(IMessage payload, string topic = "telemetry/v1/press-1/readings") => Publish(payload.ToByteArray(), topic);

    public bool Publish(
        byte[] payload,
        string topic = "telemetry/v1/press-1/readings",
        string contentType = "",
        string? certificate = null,
        string? user = null,
        bool speaksForOthers = false,
        string traceParent = "",
        ulong state = 1,
        bool duplicate = false) =>
        Ingest.TryIngest(
            new IngestPublish
            {
                TopicName = Encoding.UTF8.GetBytes(topic),
                Payload = payload,
                ClientId = "client-1",
                CertificateName = certificate,
                UserName = user,
                SpeaksForOthers = speaksForOthers,
                ContentType = Encoding.UTF8.GetBytes(contentType),
                TraceParent = Encoding.UTF8.GetBytes(traceParent),
                Duplicate = duplicate,
            },
            this,
            state);

    public IngestResult TheAnswer()
    {
        Answers.Count.ShouldBe(1);
        return Answers[0].Result;
    }

    public void Ingested(in IngestResult result, ulong state)
    {
        lock (Answers)
        {
            Answers.Add((result, state));
        }

        _answered.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await Ingest.DisposeAsync();
        await Producer.DisposeAsync();
    }

    private static byte[] Message(byte[] value, int schemaId)
    {
        ConfluentFrame.TryRead(value, out var id, out var message).ShouldBeTrue();
        id.ShouldBe(schemaId);
        return message.ToArray();
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
