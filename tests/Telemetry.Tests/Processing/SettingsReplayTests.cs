using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Telemetry.Processing;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Processing.Settings;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Processing;

/// <summary>Settings change while records flow and processes crash: what was decided is decided again by a replay of the log.</summary>
public sealed class SettingsReplayTests
{
    private const int Records = 500;

    [Fact]
    public void A_replay_of_the_log_decides_alike_whenever_settings_changed_and_whatever_crashed() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var options = Options(random);
            var crashing = new PartitionDriver(options);
            Fill(crashing, seed);
            crashing.Restore();
            var version = 0;
            crashing.RunWithCrashes(random, stepMax: 40, beforeStep: () =>
            {
                if (random.Next(6) == 0)
                {
                    crashing.Give(Version(++version, Document(random)));
                }
            });
            crashing.Commit(TimeSpan.Zero);
            crashing.Restore();

            var replayed = new PartitionDriver(options);
            Fill(replayed, seed);
            replayed.Follow(crashing);
            replayed.Restore();
            replayed.Run(Records);
            replayed.Commit(TimeSpan.Zero);

            replayed.Records.Select(Text).ShouldBe(crashing.Records.Select(Text));
            replayed.States().ShouldBe(crashing.States());
            replayed.Pins.ShouldBe(crashing.Pins);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Fact]
    public void Settings_are_in_force_from_the_next_record_on_and_the_log_says_so()
    {
        var driver = new PartitionDriver(new ProcessingOptions { Detectors = static () => [] });
        Fill(driver, 1);
        driver.Restore();
        driver.Run(100);
        driver.Commit(TimeSpan.Zero);
        driver.Anomalies.ShouldBeEmpty();
        driver.Give(Version(1, """{ "rules": [{ "detectors": [{ "detector": "iid-spike", "pvalueHistoryLength": 8 }] }] }"""));
        driver.Run(Records);
        driver.Commit(TimeSpan.Zero);
        driver.Pins.ShouldBe([new SettingsPin("telemetry-processing", 0, 100, 1)]);
        driver.Anomalies.ShouldNotBeEmpty();
        driver.Anomalies.ShouldAllBe(anomaly => anomaly.Detector == "iid-spike");
    }

    [Fact]
    public void A_series_keeps_its_state_when_other_series_settings_change()
    {
        const string Spike = """{ "detector": "iid-spike", "pvalueHistoryLength": 8 }""";
        var (steady, changed) = (Drive($$"""{ "rules": [{ "detectors": [{{Spike}}] }] }"""), Drive(
            $$"""{ "rules": [{ "device": "nobody", "detectors": [] }, { "detectors": [{{Spike}}] }] }"""));
        changed.Records.Select(Text).ShouldBe(steady.Records.Select(Text));

        PartitionDriver Drive(string second)
        {
            var driver = new PartitionDriver(new ProcessingOptions());
            Fill(driver, 3);
            driver.Restore();
            driver.Give(Version(1, $$"""{ "rules": [{ "detectors": [{{Spike}}] }] }"""));
            driver.Run(1);
            driver.Run(Records / 2);
            driver.Give(Version(2, second));
            driver.Run(Records);
            driver.Commit(TimeSpan.Zero);
            driver.Anomalies.ShouldNotBeEmpty();
            return driver;
        }
    }

    [Fact]
    public void Series_out_of_service_learn_and_raise_nothing()
    {
        const string Rule = "\"rules\": [{ \"detectors\": [{ \"detector\": \"iid-spike\", \"pvalueHistoryLength\": 8 }] }]";
        var (judged, silenced) = (Drive($$"""{ {{Rule}} }"""), Drive(
            $$"""{ {{Rule}}, "outOfService": [{ "device": "*", "from": "2000-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "reason": "overhaul" }] }"""));
        judged.Anomalies.ShouldNotBeEmpty();
        silenced.Anomalies.ShouldBeEmpty();
        silenced.Processor.Counts.OutOfService.ShouldBeGreaterThan(0);

        PartitionDriver Drive(string document)
        {
            var driver = new PartitionDriver(new ProcessingOptions());
            Fill(driver, 4);
            driver.Restore();
            driver.Give(Version(1, document));
            driver.Run(1);
            driver.Run(Records);
            driver.Commit(TimeSpan.Zero);
            return driver;
        }
    }

    [Fact]
    public void A_version_that_is_pinned_and_gone_stops_the_partition_with_a_reason()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        Fill(driver, 1);
        driver.Restore();
        var error = Should.Throw<InvalidOperationException>(
            () => driver.Processor.RestoreSettings([new SettingsPin("telemetry-processing", 0, 40, 7)], static _ => null));
        error.Message.ShouldContain("version 7");
        error.Message.ShouldContain("offset 40");
    }

    private static string Text((string Topic, string Key, byte[] Value) output) => $"{output.Topic} {Convert.ToHexString(output.Value)}";

    private static void Fill(PartitionDriver driver, int seed)
    {
        var fleet = new RandomFleet(seed, devices: 8);
        for (var i = 0; i < Records; i++)
        {
            var (time, _, value) = fleet.Next();
            driver.Append(time, value);
        }
    }

    private static SettingsVersion Version(int number, string document) => new()
    {
        Number = number,
        Id = $"id{number}",
        At = DateTimeOffset.UnixEpoch,
        By = "test",
        Source = "test",
        Document = Encoding.UTF8.GetBytes(document),
    };

    private static string Document(Random random)
    {
        string[] detectors =
        [
            """ "default" """,
            """ { "detector": "iid-spike", "pvalueHistoryLength": 6 } """,
            """ { "detector": "iid-change-point", "changeHistoryLength": 6 } """,
            """ "default", { "detector": "ssa-spike", "pvalueHistoryLength": 6, "trainingWindowSize": 8, "seasonalityWindowSize": 2 } """,
            "",
        ];
        var rules = Enumerable.Range(0, random.Next(4)).Select(_ =>
            $$"""{ "device": "*{{random.Next(4)}}", "detectors": [{{detectors[random.Next(detectors.Length)]}}] }""");
        var outOfService = random.Next(3) == 0 ? """ { "device": "*2" } """ : "";
        return $$"""{ "rules": [{{string.Join(",", rules)}}], "outOfService": [{{outOfService}}] }""";
    }

    private static ProcessingOptions Options(Random random) => new()
    {
        Detectors = static () =>
        [
            SeriesDetectors.Create(new IidSpikeOptions { PvalueHistoryLength = 8 }),
            SeriesDetectors.Create(new IidChangePointOptions { ChangeHistoryLength = 8 }),
        ],
        AlertHoldOff = TimeSpan.FromSeconds(5),
        SeriesPerDeviceMax = random.Next(1, 4),
        State = new KeyedStateOptions
        {
            KeysMax = random.Next(2) == 0 ? 100 : random.Next(2, 8),
            SweepStride = random.Next(1, 60),
            Expiry = TimeSpan.FromSeconds(random.Next(60, 3000)),
            SnapshotCycle = TimeSpan.FromSeconds(100),
            SnapshotBytesPerCommitMax = random.Next(1, 5000),
        },
    };
}
