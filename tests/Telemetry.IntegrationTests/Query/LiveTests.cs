using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Query.Setup;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Query;

[Collection(EngineFixture.Collection)]
public sealed class LiveTests(QueryStore store) : IClassFixture<QueryStore>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Reading_appended_to_the_journal_reaches_the_stream_that_wants_it_and_no_other()
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-live-");
        await using (var log = JournalLog.Open(
            new JournalOptions { Directory = folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System))
        {
            await log.EnsureTopicsAsync([new TopicSpec(LogTopics.Readings, 3), new TopicSpec(LogTopics.Anomalies, 3), new TopicSpec(LogTopics.Incidents, 3)], QueryStore.Token);
            await using var producer = log.CreateProducer(new ProducerOptions());
            Append(producer, "press-07", "temperature", 1_000_000, 1);
            await producer.FlushAsync(QueryStore.Token);
            await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);
            await server.Role.LiveStarted.WaitAsync(Patience, QueryStore.Token);
            using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live?device=press-07&sensor=temperature");

            Append(producer, "press-08", "temperature", 2_000_000, 2);
            Append(producer, "press-07", "odd", 2_000_000, 3, 2);
            Append(producer, "press-07", "temperature", 2_500_001, 4.5, 3);
            Append(producer, "press-07", "temperature", 3_000_000, double.NaN, 4);
            var events = await stream.ReadAsync(2);

            // What was there before the tail began is history; neighbours are not told.
            var readings = events.SelectMany(e => e.Data.EnumerateArray()).ToList();
            readings.Select(r => r.GetProperty("t").GetDecimal()).ShouldBe([2500.001m, 3000m]);
            readings[0].GetProperty("value").GetDouble().ShouldBe(4.5);
            readings[1].GetProperty("value").ValueKind.ShouldBe(JsonValueKind.Null);
            readings[1].GetProperty("special").GetString().ShouldBe("NaN");
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Anomaly_comes_with_its_kind_and_reason()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);
        using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live?device=press-07");

        log.Anomaly(new Anomaly { Device = "press-08", Sensor = "temperature", Kind = AnomalyKind.Spike });
        log.Anomaly(new Anomaly
        {
            Device = "press-07", Sensor = "temperature", EventTimeUs = 5_000_000, Value = 99, Kind = AnomalyKind.ChangePoint, Reason = "level rose",
        });
        var (name, data) = (await stream.ReadAsync(1))[0];

        name.ShouldBe("anomaly");
        data.GetProperty("kind").GetString().ShouldBe("change-point");
        data.GetProperty("reason").GetString().ShouldBe("level rose");
    }

    [Fact]
    public async Task Incident_reaches_watchers_of_any_of_its_sensors_and_silence_those_of_the_device()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);
        using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live?device=press-07&sensor=pressure");

        log.Incident(new Incident { Id = "a", Device = "press-08", Sensor = "pressure", Sensors = { new IncidentSensor { Sensor = "pressure" } } });
        log.Incident(new Incident { Id = "b", Device = "press-07", Sensor = "temperature", Sensors = { new IncidentSensor { Sensor = "temperature" } } });
        log.Incident(new Incident
        {
            Id = "c", Device = "press-07", Sensor = "temperature", Kind = IncidentKind.LevelShift, State = IncidentState.Ended, Revision = 3,
            Direction = IncidentDirection.Down, StartUs = 5_000_000, EndUs = 9_000_000, Text = "level moved", SensorCount = 2,
            Sensors = { new IncidentSensor { Sensor = "temperature" }, new IncidentSensor { Sensor = "pressure" } },
        });
        log.Incident(new Incident { Id = "d", Device = "press-07", Kind = IncidentKind.Silent, State = IncidentState.Open });
        var (name, data) = (await stream.ReadAsync(1))[0];
        var silent = (await stream.ReadAsync(1))[0].Data;

        name.ShouldBe("incident");
        data.GetProperty("id").GetString().ShouldBe("c");
        data.GetProperty("kind").GetString().ShouldBe("level-shift");
        data.GetProperty("state").GetString().ShouldBe("ended");
        data.GetProperty("direction").GetString().ShouldBe("down");
        data.GetProperty("end").GetDouble().ShouldBe(9_000);
        data.GetProperty("sensors").EnumerateArray().Select(s => s.GetString()).ShouldBe(["temperature", "pressure"]);
        silent.GetProperty("kind").GetString().ShouldBe("silent");
        silent.TryGetProperty("end", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Reading_is_shown_once_and_neither_its_copies_nor_what_took_its_id()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);
        using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live?device=press-07");

        log.Readings("press-07", "temperature", 101, (store.Now + 1_000_000, 1), (store.Now + 1_000_001, 2));

        // The whole batch again; another reading with an id that was given before; a batch that is in part a copy; another device's own ids.
        log.Readings("press-07", "temperature", 101, (store.Now + 1_000_000, 1), (store.Now + 1_000_001, 2));
        log.Readings("press-07", "temperature", 102, (store.Now + 2_000_000, 20));
        log.Readings("press-07", "temperature", 102, (store.Now + 1_000_001, 2), (store.Now + 1_000_002, 3));
        log.Readings("press-08", "temperature", 101, (store.Now + 1_000_000, 8));
        log.Readings("press-07", "temperature", 104, (store.Now + 1_000_003, 4));
        var shown = (await stream.ReadAsync(4)).SelectMany(e => e.Data.EnumerateArray()).Select(r => r.GetProperty("value").GetDouble());

        shown.ShouldBe([1, 2, 3, 4]);
        var latest = await server.Client.GetJsonAsync("/api/v1/latest?device=press-07&sensor=temperature");
        latest.GetProperty("latest")[0].GetProperty("value").GetDouble().ShouldBe(4);
    }

    [Fact]
    public async Task Latest_value_is_the_logs_when_that_is_newer_than_the_stores()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time, log: log);
        using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live?device=press-07&sensor=temperature");

        log.Readings("press-07", "temperature", (store.Now + 1_000_000, 777));
        await stream.ReadAsync(1);
        var latest = await server.Client.GetJsonAsync("/api/v1/latest?device=press-07&sensor=temperature");

        latest.GetProperty("latest")[0].GetProperty("value").GetDouble().ShouldBe(777);
        latest.GetProperty("latest")[0].GetProperty("source").GetString().ShouldBe("live");
    }

    [Fact]
    public async Task Slow_client_is_told_how_much_it_missed_and_the_tail_never_waits_for_it()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { LiveBacklogMax = 10 }, log);
        using var slow = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live?device=press-07");

        var batch = Enumerable.Range(0, 5000).Select(i => ((long)i, (double)i)).ToArray();
        log.Readings("press-07", "temperature", batch);
        var got = 0;
        var missed = 0L;
        while (got + missed < batch.Length)
        {
            var (name, data) = (await slow.ReadAsync(1))[0];
            got += name == "readings" ? data.GetArrayLength() : 0;
            missed += name == "dropped" ? data.GetProperty("count").GetInt64() : 0;
            if (name == "readings" && got + missed < batch.Length)
            {
                log.Readings("press-07", "temperature", (0, 0));
                batch = [.. batch, (0, 0)];
            }
        }

        missed.ShouldBeGreaterThan(0);
        (got + missed).ShouldBe(batch.Length);
    }

    [Fact]
    public async Task Quiet_stream_is_kept_open_by_comments()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { LiveHeartbeat = TimeSpan.FromMilliseconds(20) }, log);
        using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live");

        (await stream.ReadLineAsync(line => line == ": beat")).ShouldBe(": beat");
    }

    [Fact]
    public async Task More_streams_than_allowed_get_503_and_leaving_makes_room()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { LiveClientsMax = 1, LiveHeartbeat = TimeSpan.FromMilliseconds(20) }, log);
        var path = new Uri("/api/v1/live", UriKind.Relative);

        using (await LiveClientReader.OpenAsync(server.Client, "/api/v1/live"))
        {
            using var refused = await server.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, QueryStore.Token);
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        using var deadline = new CancellationTokenSource(Patience);
        while (server.Role.Parts.Hub.Clients.Length > 0)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        using var again = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live");
    }

    [Fact]
    public async Task An_event_source_turned_away_gets_a_stream_that_makes_it_come_back()
    {
        await using var log = new TailLog();
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, store.Time, new QueryOptions { LiveClientsMax = 0 }, log);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/live");
        request.Headers.Accept.ParseAdd("text/event-stream");

        using var response = await server.Client.SendAsync(request, QueryStore.Token);
        var text = await response.Content.ReadAsStringAsync(QueryStore.Token);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        text.ShouldStartWith("retry: 5000\nevent: busy\ndata: {");
    }

    [Fact]
    public async Task A_stream_keeps_one_timer_however_many_events_it_carries()
    {
        await using var log = new TailLog();
        var time = new CountingTime();
        await using var server = await QueryServer.StartAsync(
            store.ClickHouse, time, new QueryOptions { LiveHeartbeat = TimeSpan.FromMinutes(10) }, log);
        using var stream = await LiveClientReader.OpenAsync(server.Client, "/api/v1/live");
        log.Readings("press-07", "temperature", (store.Now, 0));
        await stream.ReadAsync(1);
        var before = time.Alive;

        for (var i = 1; i <= 100; i++)
        {
            log.Readings("press-07", "temperature", (store.Now, i));
            await stream.ReadAsync(1);
        }

        time.Alive.ShouldBeLessThanOrEqualTo(before + 2);
    }

    [Fact]
    public async Task Without_a_log_there_is_a_clear_answer()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        (await server.Client.GetProblemAsync("/api/v1/live", 503)).GetProperty("type").GetString().ShouldBe("urn:telemetry:problem:no-live");
    }

    /// <summary>The real clock, with the timers counted that have been made and not disposed.</summary>
    private sealed class CountingTime : TimeProvider
    {
        private int _alive;

        public int Alive => Volatile.Read(ref _alive);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Interlocked.Increment(ref _alive);
            return new Counted(this, base.CreateTimer(callback, state, dueTime, period));
        }

        private sealed class Counted(CountingTime owner, ITimer inner) : ITimer
        {
            private int _disposed;

            public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

            public void Dispose()
            {
                Leave();
                inner.Dispose();
            }

            public ValueTask DisposeAsync()
            {
                Leave();
                return inner.DisposeAsync();
            }

            private void Leave()
            {
                if (Interlocked.Exchange(ref _disposed, 1) == 0)
                {
                    Interlocked.Decrement(ref owner._alive);
                }
            }
        }
    }

    private static void Append(IRecordProducer producer, string device, string sensor, long us, double value, ulong sequence = 1)
    {
        var body = new ArrayBufferWriter<byte>();
        ReadingBatchWriter.Write(
            body, Encoding.ASCII.GetBytes(device), 7, sequence, [Encoding.ASCII.GetBytes(sensor)], [], [us], [value], []);
        var header = new byte[ConfluentFrame.HeaderBytes];
        ConfluentFrame.WriteHeader(header, 1);
        producer.TryAppend(
            new NewRecord
            {
                Topic = LogTopics.Readings,
                Key = Encoding.ASCII.GetBytes(device),
                Value = header,
                ValueTail = body.WrittenSpan,
                TimestampMs = us / 1000,
            },
            null,
            0).ShouldBeTrue();
    }
}
