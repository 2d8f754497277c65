namespace Telemetry.Streams.Journal.Topics;

/// <summary>The topics of a log, by name. Readers need no lock; additions come one at a time.</summary>
internal sealed class TopicTable
{
    private volatile Dictionary<string, JournalTopic> _topics = [];

    public IReadOnlyCollection<JournalTopic> All => _topics.Values;

    public JournalTopic? Find(string name) => _topics.GetValueOrDefault(name);

    /// <exception cref="RecordLogException">There is none.</exception>
    public JournalTopic Get(string name) => Find(name)
        ?? throw new RecordLogException(
            RecordLogError.UnknownTopic, $"There is no topic '{name}' in this log: a role that starts creates what is declared.");

    /// <summary>The topic of a partition.</summary>
    /// <exception cref="RecordLogException">There is no such topic or partition.</exception>
    public JournalTopic Get(TopicPartition partition)
    {
        var topic = Get(partition.Topic);
        return (uint)partition.Partition < (uint)topic.Spec.Partitions
            ? topic
            : throw new RecordLogException(
                RecordLogError.UnknownTopic,
                $"Topic '{partition.Topic}' has {topic.Spec.Partitions} partitions; there is no partition {partition.Partition}.");
    }

    public void Add(JournalTopic topic) => _topics = new Dictionary<string, JournalTopic>(_topics) { [topic.Name] = topic };
}
