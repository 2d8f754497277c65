using Google.Protobuf;
using Telemetry.Bridge;
using Telemetry.Bridge.Ingest;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;

namespace Telemetry.Tests.Bridge;

public sealed class ReadingIngestTests : IAsyncDisposable
{
    private readonly BridgeFixture _bridge = new();

    public ValueTask DisposeAsync() => _bridge.DisposeAsync();

    [Fact]
    public void A_good_batch_goes_into_the_log_byte_for_byte_keyed_by_device()
    {
        var payload = BridgeFixture.Batch(BridgeFixture.NowUs, BridgeFixture.NowUs + 1).ToByteArray();
        _bridge.Publish(payload, traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", state: 42).ShouldBeTrue();
        _bridge.Answers.ShouldBe([(new IngestResult(IngestOutcome.Stored), 42UL)]);
        var record = _bridge.Producer.Records.ShouldHaveSingleItem();
        record.Topic.ShouldBe(LogTopics.Readings);
        record.Key.ShouldBe("press-1"u8.ToArray());
        record.Value.ShouldBe([0, 0, 0, 0, 1, 0, .. payload]);
        record.TimestampMs.ShouldBe(BridgeFixture.Now.ToUnixTimeMilliseconds());
        record.Headers!.TryGet("traceparent", out _).ShouldBeTrue();
        _bridge.Ingest.Totals.ShouldBe(new BridgeTotals(1, 1, 0, 0, 2, 0));
    }

    [Fact]
    public void No_answer_before_the_log_has_it()
    {
        _bridge.Producer.Late = true;
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeTrue();
        _bridge.Publish("garbage").ShouldBeTrue();
        _bridge.Answers.ShouldBeEmpty();
        _bridge.Producer.Complete();
        _bridge.Answers.Select(a => a.Result.Outcome).ShouldBe([IngestOutcome.Stored, IngestOutcome.RejectedPayload]);
    }

    [Theory]
    [InlineData("telemetry/v1/press-1/other")]
    [InlineData("telemetry/v1/press-1")]
    [InlineData("telemetry/v1//readings")]
    [InlineData("telemetry/v1/readings")]
    [InlineData("telemetry/v1/a/b/readings")]
    [InlineData("telemetry/v1")]
    public void A_topic_no_format_claims_is_dead_lettered(string topic)
    {
        _bridge.Ingest.Accepts(System.Text.Encoding.UTF8.GetBytes(topic)).ShouldBeTrue();
        _bridge.Publish("{}", topic).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedTopic);
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        (letter.Source, letter.Cause, letter.ClientId).ShouldBe((topic, "unknown-topic", "client-1"));
    }

    [Theory]
    [InlineData("telemetry/v2/press-1/readings")]
    [InlineData("telemetry/v10")]
    [InlineData("plant/telemetry/v1/x")]
    [InlineData("")]
    public void Other_topics_are_left_to_subscribers(string topic) =>
        _bridge.Ingest.Accepts(System.Text.Encoding.UTF8.GetBytes(topic)).ShouldBeFalse();

    [Fact]
    public void A_refused_payload_is_dead_lettered_whole_with_its_cause_and_trace()
    {
        byte[] payload = [1, 2, 3, 255];
        _bridge.Publish(payload, traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        _bridge.TheAnswer().Reason.ShouldNotBeNullOrEmpty();
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        letter.Payload.ToByteArray().ShouldBe(payload);
        letter.Cause.ShouldBe("malformed-payload");
        letter.Stage.ShouldBe("bridge");
        letter.SourceOffset.ShouldBe(-1);
        letter.RefusedAtUs.ShouldBe(BridgeFixture.NowUs);
        letter.TraceId.ShouldBe("0af7651916cd43dd8448eb211c80319c");
        letter.Detail.ShouldNotBeEmpty();
        letter.ReadingIndexes.ShouldBeEmpty();
        _bridge.Ingest.Totals.ShouldBe(new BridgeTotals(1, 0, 1, 0, 0, 0));
    }

    [Fact]
    public void A_payload_for_another_device_than_the_topic_is_refused()
    {
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs), "telemetry/v1/press-2/readings").ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        _bridge.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("device-mismatch");
    }

    [Theory]
    [InlineData("press-1", true)]
    [InlineData("press-2", false)]
    [InlineData("press-10", false)]
    [InlineData("", false)]
    public void A_certificate_must_name_the_device(string certificate, bool good)
    {
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs).ToByteArray(), certificate: certificate).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(good ? IngestOutcome.Stored : IngestOutcome.RejectedIdentity);
        _bridge.DeadLetters.Select(l => l.Cause).ShouldBe(good ? [] : ["identity-mismatch"]);
    }

    [Fact]
    public async Task A_certificate_or_user_name_can_be_demanded()
    {
        await using var certificate = new BridgeFixture(new() { RequireCertificate = true });
        certificate.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeTrue();
        certificate.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedIdentity);
        await using var user = new BridgeFixture(new() { RequireUserName = true });
        user.Publish(BridgeFixture.Batch(BridgeFixture.NowUs).ToByteArray(), user: "press-1").ShouldBeTrue();
        user.Publish(BridgeFixture.Batch(BridgeFixture.NowUs).ToByteArray(), user: "press-9").ShouldBeTrue();
        user.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeTrue();
        user.Answers.Select(a => a.Result.Outcome)
            .ShouldBe([IngestOutcome.Stored, IngestOutcome.RejectedIdentity, IngestOutcome.RejectedIdentity]);
    }

    [Theory]
    [InlineData("press-1", null, false, true)]
    [InlineData("site-a", null, false, false)]
    [InlineData("site-a", null, true, true)]
    [InlineData(null, null, false, true)]
    // The certificate says it already; the user is whoever runs the machine.
    [InlineData("site-a", "press-1", false, true)]
    [InlineData("press-1", "press-9", false, false)]
    [InlineData("press-1", "press-9", true, true)]
    public void Authenticated_client_publishes_as_itself_unless_a_rule_names_it(string? user, string? certificate, bool ruled, bool good)
    {
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs).ToByteArray(), certificate: certificate, user: user, speaksForOthers: ruled).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(good ? IngestOutcome.Stored : IngestOutcome.RejectedIdentity);
    }

    [Fact]
    public void Readings_with_unusable_times_do_not_take_their_neighbours_along()
    {
        var now = BridgeFixture.NowUs;
        var batch = BridgeFixture.Batch(now, 5, now + 1, now + 2, now + (2L * 86_400_000_000), now + 3);
        batch.Qualities.AddRange(Enumerable.Range(0, 6).Select(i => (Telemetry.Contracts.V1.Quality)(i % 3)));
        _bridge.Publish(batch).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.Stored);
        _bridge.TheAnswer().Reason!.ShouldContain("2 of 6");

        var stored = _bridge.Stored.ShouldHaveSingleItem();
        (stored.Device, stored.BootId, stored.FirstSequence, stored.Count).ShouldBe(("press-1", 7UL, 0UL, 4u));
        BridgeFixture.Sequences(stored).ShouldBe([100, 102, 103, 105]);
        stored.Values.ShouldBe([0.5, 2.5, 3.5, 5.5]);
        BridgeFixture.Times(stored).ShouldBe([now, now + 1, now + 2, now + 3]);
        stored.Qualities.Select(q => (int)q).ShouldBe([0, 2, 0, 2]);
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        letter.ReadingIndexes.ShouldBe([1u, 4u]);
        letter.Cause.ShouldBe("time-out-of-range");
        letter.Payload.ToByteArray().ShouldBe(batch.ToByteArray());
        _bridge.Ingest.Totals.ShouldBe(new BridgeTotals(1, 1, 0, 0, 4, 2));
    }

    [Fact]
    public void A_batch_of_only_unusable_times_is_refused()
    {
        _bridge.Publish(BridgeFixture.Batch(1, 2, 3)).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedPayload);
        _bridge.Stored.ShouldBeEmpty();
        _bridge.DeadLetters.ShouldHaveSingleItem().ReadingIndexes.ShouldBeEmpty();
    }

    [Fact]
    public void The_bounds_of_event_time_are_taken()
    {
        var options = new BridgeOptions();
        var past = BridgeFixture.NowUs - (options.PastMax.Ticks / 10);
        var future = BridgeFixture.NowUs + (options.FutureMax.Ticks / 10);
        _bridge.Publish(BridgeFixture.Batch(past, future)).ShouldBeTrue();
        _bridge.Publish(BridgeFixture.Batch(past - 1)).ShouldBeTrue();
        _bridge.Publish(BridgeFixture.Batch(future + 1)).ShouldBeTrue();
        _bridge.Answers.Select(a => a.Result.Outcome)
            .ShouldBe([IngestOutcome.Stored, IngestOutcome.RejectedPayload, IngestOutcome.RejectedPayload]);
    }

    [Fact]
    public void NaN_and_infinities_are_readings()
    {
        var batch = BridgeFixture.Batch(BridgeFixture.NowUs, BridgeFixture.NowUs, BridgeFixture.NowUs);
        (batch.Values[0], batch.Values[1], batch.Values[2]) = (double.NaN, double.PositiveInfinity, double.NegativeInfinity);
        _bridge.Publish(batch).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.Stored);
    }

    [Fact]
    public void A_payload_too_large_is_dead_lettered_cut_and_says_so()
    {
        _bridge.Publish(new byte[2_000_000]).ShouldBeTrue();
        var letter = _bridge.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe("too-large");
        letter.Payload.Length.ShouldBe(900 * 1024);
        letter.Detail.ShouldContain("2000000");
    }

    [Theory]
    [InlineData(1 << 20)]
    [InlineData(20_000)]
    public async Task A_dead_letter_is_cut_to_what_the_log_takes_and_readiness_stays(int recordBytesMax)
    {
        await using var bridge = new BridgeFixture();
        bridge.Producer.RecordBytesMax = recordBytesMax;
        var longName = new string('x', 60_000);
        bridge.Publish(new byte[2_000_000], traceParent: longName).ShouldBeTrue();
        bridge.Publish("{}", $"telemetry/v1/{longName}/readings").ShouldBeTrue();
        bridge.Publish(
            "{\"readings\":[" + string.Join(',', Enumerable.Range(0, 5_000).Select(i => $$"""{"sensor":"t","value":{{(i == 7 ? "null" : "1")}}}""")) + "]}").ShouldBeTrue();
        bridge.Answers.Count.ShouldBe(3);
        bridge.Answers.ShouldAllBe(a => a.Result.Outcome != IngestOutcome.Failed);
        bridge.Ingest.IsHealthy.ShouldBeTrue();
        bridge.Producer.Records.ShouldAllBe(r => r.Value.Length <= recordBytesMax);
        bridge.DeadLetters.Select(l => l.Cause).ShouldBe(["too-large", "unknown-topic", "bad-value"]);
        bridge.DeadLetters.First().Detail.ShouldContain("is cut here to");
    }

    [Fact]
    public void Readings_with_ids_of_others_are_logged_and_their_sender_is_told()
    {
        _bridge.Publish("""{"boot":7,"seq":1,"readings":[{"sensor":"t","value":1,"time":"2026-05-04T11:00:00Z"}]}""").ShouldBeTrue();
        _bridge.Publish("""{"boot":7,"seq":1,"readings":[{"sensor":"t","value":1,"time":"2026-05-04T11:00:00Z"}]}""").ShouldBeTrue();
        _bridge.Publish("""{"boot":7,"seq":1,"readings":[{"sensor":"u","value":2,"time":"2026-05-04T11:30:00Z"}]}""").ShouldBeTrue();
        _bridge.Publish("""{"boot":7,"seq":1,"readings":[{"sensor":"u","value":2},{"sensor":"u","value":3}]}""").ShouldBeTrue();
        _bridge.Answers.Select(a => a.Result.Outcome).ShouldBe(
            [IngestOutcome.Stored, IngestOutcome.Stored, IngestOutcome.RejectedPayload, IngestOutcome.Stored]);
        _bridge.Answers.Select(a => a.Result.Reason?[..6]).ShouldBe([null, null, "1 of 1", "1 of 2"]);
        _bridge.Answers[2].Result.Reason!.ShouldContain("conflict");

        // What is stored is decided on the log, by all consumers alike.
        _bridge.Stored.Count().ShouldBe(4);
    }

    [Fact]
    public void A_copy_of_readings_without_a_time_of_their_own_is_a_copy()
    {
        var batch = BridgeFixture.Batch(BridgeFixture.NowUs - 5);
        batch.TimesAssigned = true;
        batch.Device = "press-1";
        _bridge.Publish(batch).ShouldBeTrue();
        batch.BaseTimeUs += 60_000_000;
        _bridge.Publish(batch).ShouldBeTrue();
        _bridge.Answers.Select(a => a.Result).ShouldAllBe(r => r.Outcome == IngestOutcome.Stored && r.Reason == null);
    }

    [Fact]
    public void Ids_that_the_log_did_not_take_are_free()
    {
        _bridge.Producer.ErrorFor = _ => new RecordLogException(RecordLogError.DiskFull, "full");
        _bridge.Publish("""{"boot":7,"seq":1,"sensor":"t","value":1}""").ShouldBeTrue();
        _bridge.Producer.ErrorFor = _ => null;
        _bridge.Publish("""{"boot":7,"seq":1,"sensor":"t","value":2}""").ShouldBeTrue();
        _bridge.Answers.Select(a => a.Result.Outcome).ShouldBe([IngestOutcome.Failed, IngestOutcome.Stored]);
    }

    [Fact]
    public async Task A_batch_cut_off_between_columns_is_refused_where_the_count_is_demanded_or_comes_first()
    {
        var batch = BridgeFixture.Batch(BridgeFixture.NowUs, BridgeFixture.NowUs);
        batch.Qualities.AddRange([Telemetry.Contracts.V1.Quality.Bad, Telemetry.Contracts.V1.Quality.Bad]);
        var qualities = new Telemetry.Contracts.V1.ReadingBatch { Qualities = { batch.Qualities } }.CalculateSize();
        var cut = batch.ToByteArray()[..^qualities];
        byte[] counted = [.. new Telemetry.Contracts.V1.ReadingBatch { Count = 3 }.ToByteArray(), .. cut];
        _bridge.Publish(cut).ShouldBeTrue();
        _bridge.Publish(counted).ShouldBeTrue();
        _bridge.Answers.Select(a => a.Result.Outcome).ShouldBe([IngestOutcome.Stored, IngestOutcome.RejectedPayload]);
        _bridge.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("count-differs");
        await using var strict = new BridgeFixture(new() { RequireCount = true });
        strict.Publish(cut).ShouldBeTrue();
        batch.Count = 2;
        strict.Publish(batch).ShouldBeTrue();
        strict.Answers.Select(a => a.Result.Outcome).ShouldBe([IngestOutcome.RejectedPayload, IngestOutcome.Stored]);
        strict.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("count-missing");
    }

    [Theory]
    [InlineData("telemetry/v1/answer")]
    [InlineData("telemetry/v1/error")]
    [InlineData("telemetry/v1/commands/answer")]
    public void A_topic_that_is_only_the_end_of_an_answer_is_refused(string topic)
    {
        _bridge.Publish("x", topic).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.RejectedTopic);
    }

    [Fact]
    public void A_failing_log_is_answered_as_failed_and_not_as_stored_or_rejected()
    {
        _bridge.Producer.ErrorFor = _ => new RecordLogException(RecordLogError.DiskFull, "full");
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeTrue();
        _bridge.Publish("garbage").ShouldBeTrue();
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1)).ShouldBeTrue();
        _bridge.Producer.ErrorFor = _ => null;
        _bridge.Producer.Throws = new RecordLogException(RecordLogError.Closed, "closed");
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeTrue();
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1)).ShouldBeTrue();
        _bridge.Answers.Select(a => a.Result.Outcome).ShouldBe(Enumerable.Repeat(IngestOutcome.Failed, 5));
        _bridge.Ingest.IsHealthy.ShouldBeFalse();
        _bridge.Producer.Throws = null;
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeTrue();
        _bridge.Ingest.IsHealthy.ShouldBeTrue();
        _bridge.Ingest.Totals.ShouldBe(new BridgeTotals(6, 1, 0, 5, 1, 0));
    }

    [Fact]
    public void A_failed_dead_letter_fails_the_whole_publish()
    {
        _bridge.Producer.ErrorFor = topic =>
            topic == LogTopics.DeadLetters ? new RecordLogException(RecordLogError.DiskFull, "full") : null;
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1)).ShouldBeTrue();
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.Failed);
    }

    [Fact]
    public void Nothing_is_taken_when_the_log_has_no_room()
    {
        _bridge.Producer.Room = 0;
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs)).ShouldBeFalse();
        _bridge.Publish("garbage").ShouldBeFalse();
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1)).ShouldBeFalse();
        _bridge.Publish("""{"sensor":"t","value":1}""").ShouldBeFalse();
        _bridge.Answers.ShouldBeEmpty();
        _bridge.Ingest.Totals.ShouldBe(default);
        _bridge.Producer.Room = 100;
        _bridge.Publish("""{"sensor":"t","value":1}""").ShouldBeTrue();
        _bridge.Stored.ShouldHaveSingleItem().FirstSequence.ShouldBe(1UL);
    }

    [Fact]
    public async Task A_publish_of_several_records_is_finished_when_room_comes()
    {
        _bridge.Producer.Room = 1;
        _bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1, BridgeFixture.NowUs)).ShouldBeTrue();
        _bridge.Answers.ShouldBeEmpty();
        _bridge.Producer.MakeRoom(1);
        _bridge.Producer.MakeRoom(5);
        await _bridge.FirstAnswer.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        _bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.Stored);
        BridgeFixture.Sequences(_bridge.Stored.ShouldHaveSingleItem()).ShouldBe([100UL, 102UL]);
        _bridge.DeadLetters.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Waiting_publishes_of_several_records_are_bounded_and_end_as_failed_at_stop()
    {
        var bridge = new BridgeFixture(new() { ParkedBytesMax = 1 });
        bridge.Producer.Room = 1;
        bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1)).ShouldBeTrue();
        bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1)).ShouldBeFalse();
        var capacity = bridge.Ingest.WaitForCapacityAsync(TestContext.Current.CancellationToken).AsTask();
        capacity.IsCompleted.ShouldBeFalse();
        bridge.Producer.MakeRoom(1);
        await bridge.FirstAnswer.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        bridge.Producer.MakeRoom(1);
        await capacity.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        bridge.Publish(BridgeFixture.Batch(BridgeFixture.NowUs, 1)).ShouldBeTrue();
        await bridge.DisposeAsync();
        bridge.Answers.Select(a => a.Result.Outcome).ShouldBe([IngestOutcome.Stored, IngestOutcome.Failed]);
    }

    [Fact]
    public void Every_publish_is_answered_once_whatever_the_log_does() => Contracts.ReadingBatchBufferTests.ForAllSeeds(200, random =>
    {
        var bridge = new BridgeFixture();
        bridge.Producer.Late = random.Next(2) == 0;
        bridge.Producer.ErrorFor = _ => random.Next(5) == 0 ? new RecordLogException(RecordLogError.TimedOut, "slow") : null;
        var taken = new List<ulong>();
        for (var i = 0UL; i < 40; i++)
        {
            bridge.Producer.Room = random.Next(6);
            var payload = random.Next(4) switch
            {
                0 => [1, 2],
                1 => "{\"sensor\":\"t\",\"value\":1}"u8.ToArray(),
                2 => BridgeFixture.Batch(BridgeFixture.NowUs).ToByteArray(),
                _ => BridgeFixture.Batch(BridgeFixture.NowUs, 1, BridgeFixture.NowUs).ToByteArray(),
            };
            if (bridge.Publish(payload, state: i))
            {
                taken.Add(i);
            }
        }

        bridge.Producer.MakeRoom(int.MaxValue);
        bridge.DisposeAsync().AsTask().GetAwaiter().GetResult();
        bridge.Producer.Complete();
        bridge.Answers.Select(a => a.State).Order().ShouldBe(taken);
        var totals = bridge.Ingest.Totals;
        (totals.Stored + totals.Rejected + totals.Failed).ShouldBe(totals.Received);
        totals.Received.ShouldBe(taken.Count);
    });

    [Fact]
    public void A_protobuf_publish_allocates_nothing_once_warm()
    {
        var payload = BridgeFixture.Batch(BridgeFixture.NowUs, BridgeFixture.NowUs + 1).ToByteArray();
        var sink = new NoAnswers();
        _bridge.Producer.Keep = false;
        for (var i = 0; i < 100; i++)
        {
            Ingest(payload, sink);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Ingest(payload, sink);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
    }

    [Fact]
    public void Publishes_from_many_threads_are_all_stored_as_they_came()
    {
        Parallel.For(0, 2_000, i =>
        {
            var batch = BridgeFixture.Batch(BridgeFixture.NowUs);
            batch.FirstSequence = (ulong)i + 1;
            _bridge.Publish(batch.ToByteArray(), state: (ulong)i).ShouldBeTrue();
        });
        _bridge.Answers.Select(a => a.State).Order().ShouldBe(Enumerable.Range(0, 2_000).Select(i => (ulong)i));
        _bridge.Stored.Select(b => b.FirstSequence).Order().ShouldBe(Enumerable.Range(1, 2_000).Select(i => (ulong)i));
    }

    [Fact]
    public void Every_decoding_error_has_its_own_kebab_case_cause()
    {
        var causes = Enum.GetValues<ReadingBatchError>().Where(e => e != ReadingBatchError.None).Select(e => Refusal.Of(e).Cause).ToList();
        causes.ShouldBeUnique();
        causes.ShouldAllBe(c => System.Text.RegularExpressions.Regex.IsMatch(c, "^[a-z]+(-[a-z]+)*$"));
    }

    private void Ingest(byte[] payload, IIngestCompletion completion) =>
        _bridge.Ingest.TryIngest(
            new IngestPublish { TopicName = "telemetry/v1/press-1/readings"u8, Payload = payload, ClientId = "c" }, completion, 1);

    private sealed class NoAnswers : IIngestCompletion
    {
        public void Ingested(in IngestResult result, ulong state)
        {
        }
    }
}
