using System.CommandLine;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Views;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.Host.Commands;

/// <summary>Declared topics beside those of a Kafka cluster.</summary>
internal static class TopicsCommand
{
    private const int Differs = 1;

    public static Command Create() => new("topics", "Topics on a Kafka cluster: compares them with what is declared, creates and corrects them.")
    {
        CreateAction("apply", "Creates missing topics and corrects settings. Never deletes, never changes partitions.", ApplyAsync),
        CreateAction("check", "Compares the cluster with what is declared. Ends with code 1 when something differs.", CheckAsync),
        CreateAction("list", "Declared topics as they are on the cluster.", ListAsync),
        CreateDocs(),
    };

    private static Command CreateDocs()
    {
        var command = new Command("docs", "Prints the catalogue of topics (Markdown).");
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.Write(TopicsTable.Write());
            return 0;
        });
        return command;
    }

    private static Command CreateAction(
        string name, string description, Func<KafkaTopicAdmin, TelemetryOptions, TopicsOutput, CancellationToken, Task<int>> action)
    {
        var shared = new SharedOptions();
        shared.Map("--kafka", "Kafka:BootstrapServers", "The cluster: HOST:PORT[,HOST:PORT...].");
        var json = new Option<bool>("--json") { Description = "One JSON object on standard output." };
        var command = new Command(name, description) { json };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            if (!options.IsKafka)
            {
                throw new ConfigurationException([new ConfigurationError(
                    "Kafka:BootstrapServers", null, "name the cluster: --kafka HOST:PORT. The embedded log makes its topics by itself.", "defaults")]);
            }

            using var admin = await KafkaTopicAdmin.ConnectAsync(options.Kafka, cancellationToken);
            var output = new TopicsOutput(result.InvocationConfiguration.Output, result.GetValue(json));
            return await action(admin, options, output, cancellationToken);
        });
        return command;
    }

    private static async Task<int> CheckAsync(
        KafkaTopicAdmin admin, TelemetryOptions options, TopicsOutput output, CancellationToken cancellationToken)
    {
        var report = await admin.CompareAsync(Topics.Catalogue(options.Log), cancellationToken);
        await output.WriteAsync(report, []);
        return report.Differences.Count == 0 ? 0 : Differs;
    }

    private static async Task<int> ApplyAsync(
        KafkaTopicAdmin admin, TelemetryOptions options, TopicsOutput output, CancellationToken cancellationToken)
    {
        var declared = Topics.Catalogue(options.Log);
        var before = await admin.CompareAsync(declared, cancellationToken);
        await admin.ApplyAsync(before, declared, cancellationToken);
        var after = await admin.CompareAsync(declared, cancellationToken);
        await output.WriteAsync(
            after with { Warnings = [.. before.Warnings.Union(after.Warnings)] },
            [.. before.Differences.Where(d => d.Remedy != TopicRemedy.ByHand)]);
        return after.Differences.Count == 0 ? 0 : Differs;
    }

    private static async Task<int> ListAsync(
        KafkaTopicAdmin admin, TelemetryOptions options, TopicsOutput output, CancellationToken cancellationToken)
    {
        await output.WriteListAsync(await admin.CompareAsync(Topics.Catalogue(options.Log), cancellationToken));
        return 0;
    }
}
