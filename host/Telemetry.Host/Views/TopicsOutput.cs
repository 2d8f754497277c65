using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.Host.Views;

/// <summary>A cluster's topics as a table, or as one JSON object.</summary>
internal sealed class TopicsOutput(TextWriter output, bool json)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Differences, what was done about them, and warnings.</summary>
    public async Task WriteAsync(TopicReport report, IReadOnlyList<TopicDifference> applied)
    {
        if (json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(
                new { report.Cluster, applied, report.Differences, report.Warnings }, Json));
            return;
        }

        await output.WriteLineAsync(Describe(report.Cluster));
        foreach (var done in applied)
        {
            await output.WriteLineAsync(done.Remedy == TopicRemedy.Create
                ? $"created {done.Topic}: {done.Declared}"
                : $"altered {done.Topic}: {done.Setting} {done.Found} -> {done.Declared}");
        }

        if (report.Differences.Count > 0)
        {
            await new TextTable("topic", "setting", "declared", "found", "mended by")
                .WriteAsync(output, report.Differences.Select(Row));
        }

        foreach (var advice in report.Differences.Where(d => d.Advice is not null).GroupBy(d => (d.Setting, d.Advice)))
        {
            await output.WriteLineAsync($"{advice.Key.Setting} of {string.Join(", ", advice.Select(d => d.Topic))}: {advice.Key.Advice}");
        }

        foreach (var warning in report.Warnings)
        {
            await output.WriteLineAsync($"warning: {warning}");
        }

        await output.WriteLineAsync(report.Differences.Count == 0
            ? "Every topic is as declared."
            : string.Create(CultureInfo.InvariantCulture, $"{report.Differences.Count} differences."));
    }

    /// <summary>Topics as they are.</summary>
    public async Task WriteListAsync(TopicReport report)
    {
        if (json)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(new { report.Cluster, report.Topics, report.Warnings }, Json));
            return;
        }

        await output.WriteLineAsync(Describe(report.Cluster));
        await new TextTable("topic", "partitions", "copies", "in sync", "min", "cleanup", "retention.ms", "retention.bytes").WriteAsync(
            output,
            report.Topics.Select(t => new[]
            {
                t.Name, Text(t.Partitions), Text(t.ReplicationFactor), Text(t.InSyncMin), Config(t, "min.insync.replicas"),
                Config(t, "cleanup.policy"), Config(t, "retention.ms"), Config(t, "retention.bytes"),
            }));
        foreach (var missing in report.Differences.Where(d => d.Remedy == TopicRemedy.Create))
        {
            await output.WriteLineAsync($"{missing.Topic} is not there: ./telemetry topics apply creates it.");
        }
    }

    private static string Describe(ClusterDescription cluster) => string.Create(
        CultureInfo.InvariantCulture,
        $"cluster {cluster.Id}; brokers up: {cluster.Brokers.Count} ({string.Join(", ", cluster.Brokers)}); rebalance protocol of KIP-848: {cluster.HasConsumerProtocol switch
        {
            true => "yes",
            false => "no",
            null => "not known (the cluster does not say)",
        }}{(cluster.GroupProtocols is { } protocols ? $" ({protocols})" : "")}");

    private static string[] Row(TopicDifference difference) =>
    [
        difference.Topic, difference.Setting, difference.Declared, difference.Found.Length == 0 ? "(none)" : difference.Found,
        difference.Remedy == TopicRemedy.ByHand ? "hand, see below" : "topics apply",
    ];

    private static string Config(TopicState topic, string name) => topic.Configs.GetValueOrDefault(name, "");

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
