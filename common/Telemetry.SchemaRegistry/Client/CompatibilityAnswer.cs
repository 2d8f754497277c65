using System.Runtime.Serialization;

namespace Telemetry.SchemaRegistry.Client;

/// <summary>What the registry says about a schema that is not registered yet.</summary>
[DataContract]
internal sealed class CompatibilityAnswer
{
    /// <summary>Null: the answer does not say.</summary>
    [DataMember(Name = "is_compatible")]
    public bool? IsCompatible { get; set; }

    /// <summary>Confluent's reasons.</summary>
    [DataMember(Name = "messages")]
    public List<object?>? Messages { get; set; }

    /// <summary>Apicurio's one reason.</summary>
    [DataMember(Name = "reason")]
    public string? Reason { get; set; }

    /// <summary>The reasons in one line; empty when none was given.</summary>
    public string Reasons => Messages is { Count: > 0 } ? string.Join("; ", Messages) : Reason ?? "";
}
