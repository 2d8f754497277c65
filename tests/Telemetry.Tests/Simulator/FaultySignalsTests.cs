using System.Text.Json;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Signals;

namespace Telemetry.Tests.Simulator;

public sealed class FaultySignalsTests : IDisposable
{
    private const long Start = 1_777_896_000_000_000;
    private const long Interval = 30_000_000;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Every_change_of_the_signal_lies_within_a_label_and_every_label_changes_the_signal()
    {
        var kindsSeen = new HashSet<string>();
        for (var device = 0; device < 4; device++)
        {
            var labels = Play(device, out var readings);
            foreach (var label in labels)
            {
                kindsSeen.Add(label.Kind);
                var inside = readings.Where(r => label.Covers(r)).ToList();
                if (label.Kind == "dropout")
                {
                    inside.ShouldNotBeEmpty();
                    inside.TrueForAll(r => r.Silent).ShouldBeTrue();
                }
                else
                {
                    inside.Exists(r => r.Changed).ShouldBeTrue($"{label} changed nothing");
                }
            }

            foreach (var reading in readings.Where(r => r.Changed || r.Silent))
            {
                labels.Exists(label => label.Covers(reading)).ShouldBeTrue($"{reading} has no label");
            }
        }

        kindsSeen.ShouldBe(["spike", "level-shift", "drift", "stuck-at", "noise-burst", "dropout"], ignoreOrder: true);
    }

    [Fact]
    public void Labels_are_the_same_for_the_same_seed()
    {
        Play(1, out _).ShouldBe(Play(1, out _));
    }

    [Fact]
    public void Delivery_labels_name_the_event_ids()
    {
        var path = _directory["d.jsonl"];
        using (var writer = new LabelWriter(path))
        {
            writer.Delivery("duplicate", "press-1", ulong.MaxValue, 51, 50);
        }

        using var line = JsonDocument.Parse(File.ReadAllText(path));
        line.RootElement.GetProperty("boot").GetString().ShouldBe("18446744073709551615");
        line.RootElement.GetProperty("first").GetInt64().ShouldBe(51);
        line.RootElement.GetProperty("count").GetInt32().ShouldBe(50);
    }

    private List<Label> Play(int device, out List<Reading> readings)
    {
        var path = _directory[Guid.NewGuid() + ".jsonl"];
        readings = [];
        using (var writer = new LabelWriter(path))
        {
            var plan = new FaultPlan(9, device, Start, 60, TimeSpan.FromMicroseconds(Interval / 9.0));
            var faulty = new FaultySignals(new MachineSignals(9, device), plan, writer, "d");
            var clean = new MachineSignals(9, device);
            for (var i = 0; i < 4_000; i++)
            {
                var time = Start + (i * Interval);
                if (faulty.IsSilent(time))
                {
                    readings.Add(new(time, "", false, true));
                    continue;
                }

                for (var kind = (SensorKind)0; (int)kind < SensorKinds.Count; kind++)
                {
                    var changed = faulty.Next(kind, time) != clean.Next(kind, time);
                    readings.Add(new(time, SensorKinds.Name(kind), changed, false));
                }
            }
        }

        return [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement).Select(json => new Label(
            json.GetProperty("kind").GetString()!,
            json.TryGetProperty("sensor", out var sensor) ? sensor.GetString()! : "",
            json.GetProperty("start_us").GetInt64(),
            json.GetProperty("end_us").GetInt64()))];
    }

    private sealed record Reading(long Time, string Sensor, bool Changed, bool Silent);

    private sealed record Label(string Kind, string Sensor, long Start, long End)
    {
        public bool Covers(Reading reading) =>
            reading.Time >= Start && (reading.Time < End || Start == End && reading.Time == Start) && reading.Sensor == Sensor;
    }
}
