using System.Text.Json;
using Confluent.SchemaRegistry;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>A compatibility level as the registry writes it, for example FULL_TRANSITIVE.</summary>
internal static class CompatibilityLevel
{
    public static string NameOf(Compatibility level) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(level.ToString());

    /// <exception cref="ArgumentException">There is no such level.</exception>
    public static Compatibility Parse(string name) => Enum.Parse<Compatibility>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
}
