using Telemetry.Operations.Scoring;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Signals;
using Telemetry.Tests.Simulator;

namespace Telemetry.Tests.Operations;

public sealed class ScoreBoardTests
{
    private const long Start = 1_777_896_000_000_000;
    private const long Second = 1_000_000;
    private const long Day = 86_400 * Second;
    private const long Interval = 3_600_000;

    [Fact]
    public void Faults_found_missed_and_false_alarms_are_counted_by_kind_channel_and_day()
    {
        var board = Board(
            [Fault("spike", "power", 100, 100), Fault("level-shift", "power", 90_000, 90_600), Fault("dropout", "", 200, 500)],
            [Alarm("power", 100, "spike"), Alarm("power", 90_060, "level-shift"), Alarm("flow", 5_000, "drift")]);
        (board.All.All.Faults, board.All.All.Found, board.All.FalseAlarms).ShouldBe((3, 2, 1));
        (board.Analog.All.Faults, board.Analog.All.Found).ShouldBe((2, 2));
        board.All.ByKind["level-shift"].MedianDelaySeconds.ShouldBe(60);
        board.All.ByKind["level-shift"].MedianDelayReadings.ShouldBe(60 / (16 * 3.6), 1e-9);
        board.Analog.ByDay[1].Recall.ShouldBe(1);
        board.All.BySensor[ScoreBoard.WholeDevice].Recall.ShouldBe(0);
        board.All.FalseByKind.ShouldBe(new Dictionary<string, int> { ["drift"] = 1 });
    }

    [Fact]
    public void Faults_are_shown_with_what_people_were_told_found_and_missed_ones_of_all_kinds_in_turn()
    {
        var board = Board(
            [
                Fault("spike", "power", 100, 100), Fault("spike", "power", 5_000, 5_000), Fault("level-shift", "power", 90_000, 90_600), Fault("drift", "flow", 200, 5_000),
                Fault("dropout", "", 100_000, 100_500),
            ],
            [Alarm("power", 100, "spike") with { Text = "power 9 kW" }, Alarm("power", 5_000, "spike"), Alarm("power", 90_060, "level-shift") with { Text = "power moved" }]);

        var shown = ScoredFault.Examples(board.Faults, 2);

        shown.Select(f => (f.Kind, f.Sensor, f.FoundAfterSeconds, f.Text)).ShouldBe(
        [
            ("level-shift", "power", 60.0, "power moved"), ("spike", "power", 0.0, "power 9 kW"),
            ("drift", "flow", null, ""), ("dropout", ScoreBoard.WholeDevice, null, ""),
        ]);
        (shown[0].Readings, shown[0].Day).ShouldBe((11, 90_000 / 86_400.0));
    }

    [Fact]
    public void One_cause_on_two_sensors_is_one_fault_whichever_shows_it()
    {
        var board = Board(
            [new("drift", "d", ["pressure", "flow"], At(100), At(900), 7, true)],
            [Alarm("flow", 400, "drift")]);
        (board.All.All.Faults, board.All.All.Found, board.All.FalseAlarms).ShouldBe((1, 1, 0));
    }

    [Fact]
    public void What_a_condition_explains_is_neither_right_nor_false()
    {
        PlayedLabel[] conditions =
        [
            Condition("power-off", "", 1_000, 5_000), Condition("power-on", "", 5_000, 5_200), Condition("offline", "", 9_000, 12_000),
            Condition("sensor-missing", "flow", 20_000, 30_000), Condition("maintenance", "", 40_000, 43_600),
        ];
        var board = Board(
            conditions,
            [
                Alarm("", 1_100, "silent"), Alarm("temperature", 5_010, "spike"), Alarm("", 9_100, "silent"), Alarm("flow", 21_000, "stuck-at"),
                Alarm("vibration", 40_100, "level-shift"),
                Alarm("power", 10_000, "spike"), Alarm("power", 21_000, "spike"), Alarm("", 21_000, "silent"),
            ]);
        board.Explained.Values.Sum().ShouldBe(5);
        board.Explained["maintenance"].ShouldBe(1);
        board.All.FalseAlarms.ShouldBe(3);
    }

    [Fact]
    public void Alarms_on_fault_free_devices_are_false_by_device_day()
    {
        var board = new ScoreBoard(Interval);
        board.Add(new ScoredDevice("d", Start, Start + (4 * Day), [], [Alarm("power", 60, "spike"), Alarm("flow", 100_000, "drift")], IsFaultFree: true));
        (board.CleanAlarms, board.CleanAlarmsFirstHour, board.CleanAlarmsAfterDay, board.CleanDays).ShouldBe((2, 1, 1, 4));
        board.All.All.Faults.ShouldBe(0);
    }

    [Fact]
    public void Labels_that_a_simulator_wrote_are_those_that_the_trace_played()
    {
        using var directory = new TemporaryDirectory();
        var fault = new Fault(FaultKind.Drift, SensorKind.Pressure, At(5), At(90), -7.5, SensorKind.Flow);
        var condition = new Condition(ConditionKind.SensorMissing, At(100), At(200), 0, SensorKind.Power, false);
        using (var writer = new LabelWriter(directory["labels.jsonl"]))
        {
            writer.Fault("d", fault, At(6));
            writer.Condition("d", condition);
            writer.Delivery("duplicate", "d", 1, 1, 1);
            writer.Fault("e", fault with { Kind = FaultKind.Dropout, Also = null }, At(7));
        }

        var read = LabelFile.Read(directory["labels.jsonl"]);
        read["d"].Select(Text).ShouldBe(
        [
            Text(new("drift", "d", ["pressure", "flow"], At(6), At(90), -7.5, true)),
            Text(new("sensor-missing", "d", ["power"], At(100), At(200), 0, false)),
        ]);
        read["e"].ShouldHaveSingleItem().Sensors.ShouldBeEmpty();

        File.AppendAllText(directory["labels.jsonl"], "{\"start_us\":1}\n");
        Should.Throw<FormatException>(() => LabelFile.Read(directory["labels.jsonl"])).Message.ShouldContain("labels.jsonl:5");
    }

    [Fact]
    public async Task A_fleet_played_through_the_pipeline_gives_the_same_score_whatever_the_parallelism()
    {
        var options = new FleetRunOptions
        {
            Fleet = new FleetPlan { Seed = 500, Devices = 4, Span = TimeSpan.FromHours(12), FaultsPerDeviceDay = 12 },
            CleanDevices = 2,
            DevicesPerPartition = 2,
            Parallelism = 1,
        };
        var one = await FleetRun.RunAsync(options, null, TestContext.Current.CancellationToken);
        var two = await FleetRun.RunAsync(options with { Parallelism = 3 }, null, TestContext.Current.CancellationToken);
        one.Readings.ShouldBeGreaterThan(60_000);
        (one.Devices, one.CleanDevices).ShouldBe((4, 2));
        one.ByKind.Sum(row => row.Faults).ShouldBeGreaterThan(10);
        Flat(two).ShouldBe(Flat(one));
        one.Baselines.Single(b => b.Name == "null").Totals.AnalogRecall.ShouldBe(0);
        one.Baselines.Single(b => b.Name == "always").Totals.AnalogRecall!.Value.ShouldBeGreaterThan(0.8);

        static string Flat(ScoreReport report) => System.Text.Json.JsonSerializer.Serialize(report with { Seconds = 0 });
    }

    private static string Text(PlayedLabel label) =>
        $"{label.Kind} {label.Device} {string.Join('+', label.Sensors)} {label.StartUs} {label.EndUs} {label.Size:R} {label.IsFault}";

    private static ScoreBoard Board(IReadOnlyList<PlayedLabel> labels, IReadOnlyList<ScoredAlarm> alarms)
    {
        var board = new ScoreBoard(Interval);
        board.Add(new ScoredDevice("d", Start, Start + (2 * Day), labels, alarms, IsFaultFree: false));
        return board;
    }

    private static PlayedLabel Fault(string kind, string sensor, long from, long to) =>
        new(kind, "d", sensor.Length == 0 ? [] : [sensor], At(from), At(to), 9, true);

    private static PlayedLabel Condition(string kind, string sensor, long from, long to) =>
        new(kind, "d", sensor.Length == 0 ? [] : [sensor], At(from), At(to), 0, false);

    private static ScoredAlarm Alarm(string sensor, long seconds, string kind) => new(sensor, At(seconds), kind, 5);

    private static long At(long seconds) => Start + (seconds * Second);
}
