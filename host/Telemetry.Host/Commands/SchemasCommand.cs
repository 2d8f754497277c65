using System.CommandLine;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Host.Configuration;
using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Client;

namespace Telemetry.Host.Commands;

/// <summary>The released schemas against a schema registry.</summary>
internal static class SchemasCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static Command Create() => new("schemas", "The schemas on the log, and what a schema registry (Confluent API) has of them.")
    {
        Create("list", "Subjects, messages and ids, released and registered.", required: false, SchemaCheckup.ListAsync),
        Create("check", "Whether the registry would take the schemas of this version. Ends with code 1 when not; changes nothing.", required: true, SchemaCheckup.CheckAsync),
        Create("apply", "Sets FULL_TRANSITIVE on our subjects and registers the schemas of this version. Ends with code 1 when one is refused.", required: true, SchemaCheckup.ApplyAsync),
    };

    private static Command Create(
        string name, string description, bool required, Func<SchemaRegistryClient, TopicSchema, CancellationToken, Task<SchemaFinding>> look)
    {
        var shared = new SharedOptions();
        shared.Map("--registry", "SchemaRegistry:Urls:0", "Base URL of the registry, path included.");
        var json = new Option<bool>("--json") { Description = "A JSON list on standard output." };
        var wait = new Option<string>("--wait")
        {
            Description = "How long a registry that does not answer, or fails inside, is asked again; 0s: once.",
            DefaultValueFactory = _ => "60s",
        };
        var command = new Command(name, description) { json, wait };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result).SchemaRegistry;
            if (options.Urls.Count == 0 && required)
            {
                throw new ConfigurationException(
                    [new ConfigurationError("SchemaRegistry:Urls:0", null, "give the registry with --registry URL or in the settings.", "defaults")]);
            }

            var patience = new RegistryPatience(DurationText.Parse(result.GetValue(wait)!), result.InvocationConfiguration.Error);
            var findings = await FindAsync(
                options, (client, schema, cancel) => patience.AskAsync(() => look(client, schema, cancel), cancel), cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync(
                result.GetValue(json) ? JsonSerializer.Serialize(findings, Indented) : Describe(findings));
            return findings.All(f => f.Ok) ? 0 : 1;
        });
        return command;
    }

    private static async Task<List<SchemaFinding>> FindAsync(
        SchemaRegistryOptions options,
        Func<SchemaRegistryClient, TopicSchema, CancellationToken, Task<SchemaFinding>> look,
        CancellationToken cancellationToken)
    {
        var findings = new List<SchemaFinding>();
        using var client = options.Urls.Count > 0 ? new SchemaRegistryClient(options) : null;
        foreach (var schema in TopicSchema.All)
        {
            findings.Add(client is null ? SchemaFinding.Of(schema) : await look(client, schema, cancellationToken));
        }

        return findings;
    }

    private static string Describe(IReadOnlyList<SchemaFinding> findings)
    {
        var width = findings.Max(f => f.Subject.Length);
        return string.Join(Environment.NewLine, findings.Select(f =>
            $"{(f.Ok ? "ok  " : "FAIL")} {f.Subject.PadRight(width)}  {f.Message,-25}  {f.Finding}"));
    }
}
