namespace Telemetry.Streams.Journal.Consumers;

/// <summary>
/// Spreads partitions over members: each topic evenly over its subscribers (sizes differ by one at most), the odd ones to
/// whoever has least, and a partition stays where it is as long as that holds.
/// </summary>
internal static class StickyAssignor
{
    /// <param name="subscriptions">Members by name with their topics.</param>
    /// <param name="partitionCounts">Partitions of each topic.</param>
    /// <param name="owners">Who has which partition now.</param>
    public static Dictionary<TopicPartition, string> Assign(
        IReadOnlyDictionary<string, IReadOnlyList<string>> subscriptions,
        IReadOnlyDictionary<string, int> partitionCounts,
        IReadOnlyDictionary<TopicPartition, string> owners)
    {
        var target = new Dictionary<TopicPartition, string>();
        var totals = subscriptions.Keys.ToDictionary(member => member, _ => 0);
        foreach (var (topic, count) in partitionCounts.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var members = subscriptions.Where(entry => entry.Value.Contains(topic)).Select(entry => entry.Key)
                .Order(StringComparer.Ordinal).ToList();
            if (members.Count > 0)
            {
                AssignTopic(topic, count, members, owners, totals, target);
            }
        }

        return target;
    }

    private static void AssignTopic(
        string topic, int count, List<string> members, IReadOnlyDictionary<TopicPartition, string> owners,
        Dictionary<string, int> totals, Dictionary<TopicPartition, string> target)
    {
        var owned = members.ToDictionary(member => member, _ => new List<int>());
        var free = new List<int>();
        for (var partition = 0; partition < count; partition++)
        {
            var owner = owners.GetValueOrDefault(new TopicPartition(topic, partition));
            (owner is not null && owned.TryGetValue(owner, out var list) ? list : free).Add(partition);
        }

        // The odd partitions go to those with least over all topics, then to those who have more already.
        var (each, odd) = Math.DivRem(count, members.Count);
        var quotas = members.ToDictionary(member => member, _ => each);
        foreach (var member in members.OrderBy(member => totals[member]).ThenByDescending(member => owned[member].Count).Take(odd))
        {
            quotas[member]++;
        }

        foreach (var member in members)
        {
            var list = owned[member];
            while (list.Count > quotas[member])
            {
                free.Add(list[^1]);
                list.RemoveAt(list.Count - 1);
            }
        }

        free.Sort();
        var next = 0;
        foreach (var member in members)
        {
            var list = owned[member];
            while (list.Count < quotas[member])
            {
                list.Add(free[next++]);
            }

            totals[member] += list.Count;
            list.ForEach(partition => target[new TopicPartition(topic, partition)] = member);
        }
    }
}
