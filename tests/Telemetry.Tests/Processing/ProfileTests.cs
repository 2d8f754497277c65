using System.Text;
using Telemetry.Contracts.V1;
using Telemetry.Processing;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Incidents;
using Telemetry.Processing.Profiles;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Processing;

/// <summary>What is known of sensors beforehand reaches the detectors by records of the log, so a replay judges by it from the same offset on.</summary>
public sealed class ProfileTests
{
    private const long Start = Batches.StartMs;

    private static readonly SensorProfile Limits = new() { LoLo = 0, Lo = 5, Hi = 30, HiHi = 40, RateLimitPerSecond = 20 };

    [Fact]
    public void Limits_are_in_force_from_their_record_on_and_make_an_incident()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 35));
        driver.Incidents.ShouldBeEmpty("nothing is known yet");

        Put(driver, Start + 500, ("temperature", Limits));
        driver.Take(Start + 1000, Batches.Of("d", 1, 2, Start + 1000, 20));
        driver.Take(Start + 2000, Batches.Of("d", 1, 3, Start + 2000, 31));
        for (var i = 3; i < 40; i++)
        {
            driver.Take(Start + (i * 1000), Batches.Of("d", 1, (ulong)i + 1, Start + (i * 1000), 41));
        }

        var incidents = driver.Incidents.ToList();
        incidents.Select(i => i.Id).Distinct().ShouldHaveSingleItem();
        incidents.ShouldAllBe(i => i.Kind == IncidentKind.Limit);
        incidents[0].Text.ShouldBe("temperature 31, at or above the Hi limit of 30");
        incidents[^1].Text.ShouldStartWith("temperature 41, at or above the HiHi limit of 40");
        incidents[^1].Severity.ShouldBeGreaterThanOrEqualTo(800u);
    }

    [Fact]
    public void Outer_limit_is_told_at_once_although_the_inner_one_was_told_just_before()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 20));
        Put(driver, Start, ("temperature", Limits));
        driver.Take(Start + 1000, Batches.Of("d", 1, 2, Start + 1000, 31));
        driver.Take(Start + 2000, Batches.Of("d", 1, 3, Start + 2000, 32));
        driver.Incidents.Select(i => i.Text).ShouldBe(["temperature 31, at or above the Hi limit of 30"]);

        driver.Take(Start + 3000, Batches.Of("d", 1, 4, Start + 3000, 41));
        driver.Take(Start + 4000, Batches.Of("d", 1, 5, Start + 4000, 42));

        driver.Incidents.Select(i => (i.Severity / 100, i.Text.Split(',')[1])).ShouldBe(
            [(5u, " at or above the Hi limit of 30"), (8u, " at or above the HiHi limit of 40")]);
    }

    [Fact]
    public void Rate_of_change_that_the_catalogue_allows_no_more_is_found()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 10));
        Put(driver, Start, ("temperature", new SensorProfile { RateLimitPerSecond = 2 }));
        driver.Take(Start + 1000, Batches.Of("d", 1, 2, Start + 1000, 11));
        driver.Incidents.ShouldBeEmpty();
        driver.Take(Start + 2000, Batches.Of("d", 1, 3, Start + 2000, 16));

        var incident = driver.Incidents.ShouldHaveSingleItem();
        incident.Kind.ShouldBe(IncidentKind.Rate);
        incident.Text.ShouldContain("allowed are 2");
    }

    [Fact]
    public void Counter_that_the_catalogue_names_tells_its_reset_at_once()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 100));
        Put(driver, Start, ("temperature", new SensorProfile { Shape = SeriesShape.Counter }));
        driver.Take(Start + 1000, Batches.Of("d", 1, 2, Start + 1000, 101));
        driver.Take(Start + 2000, Batches.Of("d", 1, 3, Start + 2000, 0));

        driver.Incidents.Select(i => i.Kind).Distinct().ShouldBe([IncidentKind.CounterReset]);
    }

    [Fact]
    public void Late_readings_are_judged_by_the_limits_too()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 20));
        Put(driver, Start, ("temperature", Limits));
        driver.Take(Start + 600_000, Batches.Of("d", 1, 900, Start + 600_000, 20));
        driver.Take(Start + 601_000, Batches.Of("d", 1, 300, Start + 300_000, 45));
        driver.Take(Start + 602_000, Batches.Of("d", 1, 901, Start + 602_000, 20));
        driver.Take(Start + 700_000, Batches.Of("d", 1, 902, Start + 700_000, 20));

        var incident = driver.Incidents.Where(i => i.Kind == IncidentKind.Limit).ShouldHaveSingleItem();
        incident.Late.ShouldBeTrue();
        incident.StartUs.ShouldBe((Start + 300_000) * 1000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Crashes_at_any_record_change_nothing(int seed)
    {
        var (quiet, crashing) = (Fill(seed), Fill(seed));
        quiet.Restore();
        quiet.Run(quiet.InputCount);
        quiet.Commit(TimeSpan.Zero);
        quiet.Incidents.Count(i => i.Kind == IncidentKind.Limit).ShouldBeGreaterThan(3);

        var random = new Random(seed);
        crashing.Restore();
        crashing.RunWithCrashes(random, stepMax: 30);
        crashing.Commit(TimeSpan.Zero);
        crashing.Restore();
        crashing.Records.Select(o => $"{o.Topic} {Convert.ToHexString(o.Value)}").ShouldBe(quiet.Records.Select(o => $"{o.Topic} {Convert.ToHexString(o.Value)}"));
        crashing.States().ShouldBe(quiet.States());
    }

    [Fact]
    public void Processing_asks_for_a_record_where_the_catalogue_says_something_else_and_only_there()
    {
        var catalogue = new Catalogue();
        var driver = new PartitionDriver(new ProcessingOptions { Profiles = catalogue });
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 20));
        Asked(driver).ShouldBeEmpty("it says nothing");

        catalogue.Say("d", "temperature", Limits);
        driver.Take(Start + 1000, Batches.Of("d", 1, 2, Start + 1000, 20));
        var asked = Asked(driver).ShouldHaveSingleItem();
        Encoding.ASCII.GetString(asked.Device).ShouldBe("d");
        asked.Changes.ShouldHaveSingleItem().Profile.ShouldBe(Limits);
        driver.Take(Start + 2000, Batches.Of("d", 1, 3, Start + 2000, 20));
        Asked(driver).ShouldBeEmpty("it was asked for already");

        // A process that takes over asks again, unless the record is there.
        driver.Restore();
        driver.Take(Start + 3000, Batches.Of("d", 1, 4, Start + 3000, 20));
        Put(driver, Start + 3000, asked);
        Asked(driver).Count.ShouldBe(1);
        driver.Restore();
        driver.Take(Start + 4000, Batches.Of("d", 1, 5, Start + 4000, 20));
        Asked(driver).ShouldBeEmpty();

        catalogue.Say("d", "temperature", null);
        driver.Take(Start + 5000, Batches.Of("d", 1, 6, Start + 5000, 20));
        Put(driver, Start + 5000, Asked(driver).ShouldHaveSingleItem());
        driver.Take(Start + 6000, Batches.Of("d", 1, 7, Start + 6000, 35));
        driver.Incidents.ShouldBeEmpty("its limits are gone");
    }

    [Fact]
    public void A_sensor_that_comes_later_is_asked_for_and_a_profile_that_cannot_be_used_is_not()
    {
        var catalogue = new Catalogue();
        catalogue.Say("d", "humidity", Limits);
        catalogue.Say("d", "temperature", new SensorProfile { Lo = 5, Hi = 1 });
        var driver = new PartitionDriver(new ProcessingOptions { Profiles = catalogue });
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 20));
        Asked(driver).ShouldBeEmpty();

        driver.Take(Start + 1000, Batches.Of("d", 1, 2, ["humidity"], [0], [(Start + 1000) * 1000], [20], []));

        Encoding.ASCII.GetString(Asked(driver).ShouldHaveSingleItem().Changes.ShouldHaveSingleItem().Sensor).ShouldBe("humidity");
    }

    [Fact]
    public void Nothing_is_asked_for_before_the_whole_catalogue_is_known()
    {
        var catalogue = new Catalogue();
        var driver = new PartitionDriver(new ProcessingOptions { Profiles = catalogue });
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 20));
        Put(driver, Start, ("temperature", Limits));
        catalogue.IsRead = false;

        driver.Take(Start + 1000, Batches.Of("d", 1, 2, Start + 1000, 20));

        Asked(driver).ShouldBeEmpty("its limits may still come");
    }

    [Fact]
    public void What_the_catalogue_says_of_a_sensor_becomes_its_profile()
    {
        SensorUnits.ProfileOf(null).ShouldBeNull();
        SensorUnits.ProfileOf(new CatalogueEntry { Unit = "bar", Low = 0, High = 10, Kind = CatalogueKind.TextFree }).ShouldBeNull("a range of engineering is no alarm limit");
        SensorUnits.ProfileOf(new CatalogueEntry { LoLo = 0, Lo = 5, Hi = 30, HiHi = 40, RatePerMinute = 1200 }).ShouldBe(Limits);
        SensorUnits.ProfileOf(new CatalogueEntry { Kind = CatalogueKind.Counter }).ShouldBe(new SensorProfile { Shape = SeriesShape.Counter });
    }

    [Fact]
    public void A_header_that_is_none_is_put_aside_and_nothing_else_happens()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        driver.Take(Start, Batches.Of("d", 1, 1, Start, 20));
        driver.Append(new LogRecord(
            "readings", 0, driver.InputCount, Start, default, default, new RecordHeaders([KeyValuePair.Create(ProfileRecord.Header, (ReadOnlyMemory<byte>)new byte[] { 9, 9 })])));
        driver.Run(driver.InputCount);
        driver.Commit(TimeSpan.Zero);

        driver.DeadLetters.ShouldHaveSingleItem().Detail.ShouldContain("version 9");
        driver.Take(Start + 1000, Batches.Of("d", 1, 2, Start + 1000, 20));
        driver.DeadLetters.ShouldHaveSingleItem();
    }

    [Fact]
    public void Profiles_go_through_bytes_as_they_are()
    {
        SensorProfile?[] all =
        [
            null, Limits, new() { Hi = 1 }, new() { LoLo = -1e300, HiHi = 1e-300 }, new() { Shape = SeriesShape.State }, new() { RateLimitPerSecond = 0.5, Shape = SeriesShape.Counter },
        ];
        var record = new ProfileRecord(Encoding.ASCII.GetBytes("press-1"), [.. all.Select((p, i) => (Encoding.ASCII.GetBytes($"s{i}"), p))]);
        record.ToHeaders().TryGet(ProfileRecord.Header, out var header).ShouldBeTrue();

        var read = ProfileRecord.Read(header.Span);

        Encoding.ASCII.GetString(read.Device).ShouldBe("press-1");
        read.Changes.Select(c => c.Profile).ShouldBe(all);
        for (var cut = 0; cut < header.Length; cut++)
        {
            Should.Throw<FormatException>(() => ProfileRecord.Read(header.Span[..cut]), $"cut at {cut}");
        }
    }

    private static List<ProfileRecord> Asked(PartitionDriver driver)
    {
        List<ProfileRecord> asked = [.. driver.Processor.ProfileWatch!.Wanted];
        driver.Processor.ProfileWatch.Wanted.Clear();
        return asked;
    }

    private static void Put(PartitionDriver driver, long timeMs, params (string Sensor, SensorProfile? Profile)[] changes) =>
        Put(driver, timeMs, new ProfileRecord("d"u8.ToArray(), [.. changes.Select(c => (Encoding.ASCII.GetBytes(c.Sensor), c.Profile))]));

    private static void Put(PartitionDriver driver, long timeMs, ProfileRecord profiles)
    {
        Append(driver, timeMs, profiles);
        driver.Run(driver.InputCount);
        driver.Commit(TimeSpan.Zero);
    }

    private static void Append(PartitionDriver driver, long timeMs, ProfileRecord profiles) =>
        driver.Append(new LogRecord("readings", 0, driver.InputCount, timeMs, profiles.Device, default, profiles.ToHeaders()));

    private static PartitionDriver Fill(int seed)
    {
        var driver = new PartitionDriver(new ProcessingOptions { State = new KeyedStateOptions { SnapshotCycle = TimeSpan.FromSeconds(100), SnapshotBytesPerCommitMax = 4000 } });
        var random = new Random(seed);
        for (var i = 0; i < 400; i++)
        {
            var timeMs = Start + (i * 1000);
            var device = $"d{random.Next(3)}";
            if (random.Next(10) == 0)
            {
                var profile = random.Next(4) == 0 ? null : new SensorProfile { Hi = random.Next(20, 26) };
                Append(driver, timeMs, new ProfileRecord(Encoding.ASCII.GetBytes(device), [("temperature"u8.ToArray(), profile)]));
            }
            else
            {
                driver.Append(timeMs, Batches.Of(device, 1, (ulong)i + 1, timeMs, random.Next(18, 25)));
            }
        }

        return driver;
    }

    private sealed class Catalogue : ISensorProfiles
    {
        private readonly Dictionary<(string Device, string Sensor), SensorProfile> _all = [];
        private long _version;

        public bool IsRead { get; set; } = true;

        public long Version => IsRead ? _version : -1;

        public SensorProfile? Of(string device, string sensor) => _all.GetValueOrDefault((device, sensor));

        public void Say(string device, string sensor, SensorProfile? profile)
        {
            _version++;
            _all.Remove((device, sensor));
            if (profile is not null)
            {
                _all.Add((device, sensor), profile);
            }
        }
    }
}
