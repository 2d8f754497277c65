using System.Globalization;
using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Client;

namespace Telemetry.Host.Commands;

/// <summary>Looks at one schema in a registry, or puts it there.</summary>
internal static class SchemaCheckup
{
    /// <summary>Old readers take new records and new readers old ones, whatever versions lie between.</summary>
    public const string Compatibility = "FULL_TRANSITIVE";

    public static async Task<SchemaFinding> ListAsync(SchemaRegistryClient client, TopicSchema schema, CancellationToken cancellationToken)
    {
        var finding = SchemaFinding.Of(schema) with { Compatibility = await client.FetchCompatibilityAsync(schema.Subject, cancellationToken) };
        try
        {
            var (id, version) = await client.LookUpAsync(schema.Subject, schema.Text, cancellationToken);
            return finding with { Id = id, Version = version, Finding = Registered(id, version, finding.Compatibility) };
        }
        catch (SchemaRegistryException e) when (e.IsNotFound)
        {
            return finding with { Finding = $"not registered; compatibility {finding.Compatibility}" };
        }
    }

    public static async Task<SchemaFinding> CheckAsync(SchemaRegistryClient client, TopicSchema schema, CancellationToken cancellationToken)
    {
        var finding = await ListAsync(client, schema, cancellationToken);
        var (isCompatible, reasons) = await client.CheckAsync(schema.Subject, schema.Text, cancellationToken);
        return !isCompatible ? finding with { Ok = false, Finding = "incompatible: " + reasons }
            : finding.Compatibility == Compatibility ? finding
            : finding with { Finding = finding.Finding + $"; telemetry schemas apply would set {Compatibility}" };
    }

    public static async Task<SchemaFinding> ApplyAsync(SchemaRegistryClient client, TopicSchema schema, CancellationToken cancellationToken)
    {
        try
        {
            var known = await TrySetCompatibilityAsync(client, schema, cancellationToken);
            await client.RegisterAsync(schema.Subject, schema.Text, cancellationToken);
            if (!known)
            {
                await client.SetCompatibilityAsync(schema.Subject, Compatibility, cancellationToken);
            }

            return await ListAsync(client, schema, cancellationToken);
        }
        catch (SchemaRegistryException e) when (!e.IsTransient && e.Code is 409 or 42201)
        {
            return SchemaFinding.Of(schema) with { Ok = false, Compatibility = Compatibility, Finding = e.Message };
        }
    }

    /// <summary>First the rule, then the schema; some registries have no rule for a subject that does not exist yet.</summary>
    private static async Task<bool> TrySetCompatibilityAsync(SchemaRegistryClient client, TopicSchema schema, CancellationToken cancellationToken)
    {
        try
        {
            await client.SetCompatibilityAsync(schema.Subject, Compatibility, cancellationToken);
            return true;
        }
        catch (SchemaRegistryException e) when (e.IsNotFound)
        {
            return false;
        }
    }

    private static string Registered(int id, int version, string compatibility) => string.Create(
        CultureInfo.InvariantCulture, $"id {id}, version {version}, compatibility {compatibility}");
}
