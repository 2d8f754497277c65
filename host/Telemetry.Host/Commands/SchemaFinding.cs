using System.Globalization;
using Telemetry.SchemaRegistry;

namespace Telemetry.Host.Commands;

/// <summary>What was found about one schema.</summary>
/// <param name="Subject">Subject.</param>
/// <param name="Message">Full name of its message.</param>
/// <param name="ReleasedId">Id without a registry.</param>
/// <param name="Id">Id in the registry; null: not registered.</param>
/// <param name="Version">Version under the subject; null: not registered.</param>
/// <param name="Compatibility">Compatibility level; null: not asked.</param>
/// <param name="Ok">False: the registry refuses it.</param>
/// <param name="Finding">A sentence.</param>
internal sealed record SchemaFinding(
    string Subject, string Message, int ReleasedId, int? Id, int? Version, string? Compatibility, bool Ok, string Finding)
{
    public static SchemaFinding Of(TopicSchema schema) => new(
        schema.Subject,
        schema.MessageName,
        schema.ReleasedId,
        null,
        null,
        null,
        true,
        string.Create(CultureInfo.InvariantCulture, $"released id {schema.ReleasedId}; no registry is configured"));
}
