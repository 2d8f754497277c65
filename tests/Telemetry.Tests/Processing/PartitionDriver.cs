using System.Text;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Processing;
using Telemetry.Processing.Pipeline;
using Telemetry.Processing.Settings;
using Telemetry.Streams;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Processing;

/// <summary>
/// One partition with its log in memory: input, outputs and state topic, committed together. A crash forgets what is not
/// committed and restores.
/// </summary>
internal sealed class PartitionDriver(ProcessingOptions options, int partition = 0)
{
    private readonly List<LogRecord> _input = [];
    private readonly SortedDictionary<string, byte[]> _state = new(StringComparer.Ordinal);
    private readonly List<(string Topic, string Key, byte[] Value)> _outputs = [];
    private readonly SettingsBook _book = new();
    private int _committed;
    private int _position;

    public PartitionProcessor Processor { get; private set; } = null!;

    public int InputCount => _input.Count;

    /// <summary>All outputs committed, in order.</summary>
    public IReadOnlyList<(string Topic, string Key, byte[] Value)> Records => _outputs;

    public IEnumerable<Anomaly> Anomalies => Of(LogTopics.Anomalies, Anomaly.Parser);

    public IEnumerable<Incident> Incidents => Of(LogTopics.Incidents, Incident.Parser);

    /// <summary>Records on the state topic, compacted.</summary>
    public int StateRecords => _state.Count;

    /// <summary>Entries written as changes of a state written before.</summary>
    public int ChangesWritten { get; private set; }

    public IEnumerable<DeviceEvent> Events => Of(LogTopics.DeviceEvents, DeviceEvent.Parser);

    public IEnumerable<DeadLetter> DeadLetters => Of(LogTopics.DeadLetters, DeadLetter.Parser);

    public void Append(long timeMs, byte[] value) => Append(Batches.Record(_input.Count, timeMs, value));

    /// <summary>Offsets must be without holes.</summary>
    public void Append(LogRecord record)
    {
        record.Offset.ShouldBe(_input.Count);
        _input.Add(record);
    }

    /// <summary>Appends, processes and commits at once.</summary>
    public void Take(long timeMs, byte[] value)
    {
        if (Processor is null)
        {
            Restore();
        }

        Append(timeMs, value);
        Run(_input.Count);
        Commit(TimeSpan.Zero);
    }

    public void Restore()
    {
        Processor = new PartitionProcessor(options, new TopicPartition("readings", partition))
        {
            ProfileWatch = options.Profiles is { } profiles ? new ProfileWatch(profiles) : null,
        };
        Processor.RestoreSettings(_book.PinsOf(options.Group, partition), _book.Find);
        foreach (var (key, value) in _state)
        {
            Processor.Table.Load(Encoding.ASCII.GetBytes(key), value);
        }

        var (from, atFloor) = Processor.Table.CompleteLoad();
        Processor.RestorePartition(atFloor.Span);
        for (var i = (int)from; i < _committed; i++)
        {
            Processor.Process(_input[i]);
        }

        Processor.Table.CompleteReplay();
        Processor.Outputs.Count.ShouldBe(0, "a replay writes nothing");
        _position = _committed;
    }

    /// <summary>Processes records; newer settings are taken up first, as between two blocks.</summary>
    public void Run(int to)
    {
        if (!FollowsPins && _position < to && _book.Latest is { } latest
            && latest.Number > Processor.Settings.LastVersion && _position > Processor.Settings.LastOffset)
        {
            Processor.Pin(latest, _position, _input[_position].TimestampMs);
        }

        for (; _position < to; _position++)
        {
            Processor.Process(_input[_position]);
        }
    }

    /// <summary>Processes the whole input in steps of random length; commits and crashes now and then, in any order.</summary>
    /// <param name="random">What is drawn.</param>
    /// <param name="stepMax">A step has fewer records than this.</param>
    /// <param name="beforeStep">Called before each step; null: nothing is.</param>
    public void RunWithCrashes(Random random, int stepMax, Action? beforeStep = null)
    {
        for (var to = 0; to < InputCount;)
        {
            beforeStep?.Invoke();
            to = Math.Min(InputCount, to + random.Next(1, stepMax));
            Run(to);
            if (random.Next(3) > 0 || to == InputCount)
            {
                Commit(TimeSpan.FromSeconds(random.Next(0, 60)));
            }

            if (random.Next(3) > 0)
            {
                Restore();
                Run(to);
            }
        }
    }

    /// <summary>True: settings are in force where the log says, and no newer ones are taken up.</summary>
    public bool FollowsPins { get; set; }

    /// <summary>A version of the settings is written.</summary>
    public void Give(SettingsVersion version) => _book.Take(Encoding.UTF8.GetBytes(version.Key), version.ToRecord());

    /// <summary>Where settings were put in force, as committed.</summary>
    public IReadOnlyList<SettingsPin> Pins => _book.PinsOf(options.Group, partition);

    /// <summary>A record of the settings topic.</summary>
    public void TakeSettings(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value) => _book.Take(key, value);

    /// <summary>Takes the versions and pins of another run for its own, as a replay of its log does.</summary>
    public void Follow(PartitionDriver other)
    {
        FollowsPins = true;
        foreach (var version in other._book.Versions.Reverse())
        {
            Give(version);
        }

        foreach (var pin in other.Pins)
        {
            _book.Take(Encoding.UTF8.GetBytes(pin.Key), pin.ToRecord());
        }
    }

    public void Commit(TimeSpan elapsed)
    {
        var state = new StateBatch();
        Processor.Collect(state, _position, elapsed);
        var outputs = Processor.TakeOutputs(new OutputBatch());
        for (var i = 0; i < outputs.Count; i++)
        {
            outputs.Get(i, out var topic, out var key, out var value);
            if (topic == LogTopics.DetectorSettings)
            {
                _book.Take(key, value.ToArray());
                continue;
            }

            _outputs.Add((topic, Encoding.ASCII.GetString(key), value.ToArray()));
        }

        for (var i = 0; i < state.Count; i++)
        {
            state.Get(i, out var key, out var value);
            _state[Encoding.ASCII.GetString(key)] = value.ToArray();
            ChangesWritten += StateEntry.IsChanges(key) && !value.IsEmpty ? 1 : 0;
            if (value.IsEmpty)
            {
                _state.Remove(Encoding.ASCII.GetString(key));
            }
        }

        _committed = _position;
    }

    /// <summary>Each device's state as bytes.</summary>
    public Dictionary<string, string> States() => States(Processor);

    public static Dictionary<string, string> States(PartitionProcessor processor)
    {
        var all = new Dictionary<string, string>();
        foreach (var slot in processor.Table.Slots)
        {
            var writer = new StateWriter();
            processor.Codec.Write(slot.State!, writer);
            all.Add(slot.Text, Convert.ToHexString(writer.WrittenSpan));
        }

        return all;
    }

    private IEnumerable<T> Of<T>(string topic, MessageParser<T> parser)
        where T : IMessage<T>
    {
        foreach (var (_, _, value) in _outputs.Where(o => o.Topic == topic))
        {
            ConfluentFrame.TryRead(value, out _, out var message).ShouldBeTrue();
            yield return parser.ParseFrom(message.Span);
        }
    }
}
