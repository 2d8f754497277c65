using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>
/// Allows users some topics. When there is any rule, what no rule allows is refused. <c>{user}</c>, <c>{client}</c> and
/// <c>{certificate}</c> in a filter stand for those of the connection.
/// </summary>
public sealed record AccessRuleOptions
{
    /// <summary>User name; <c>*</c>, the default, for everyone.</summary>
    public string User { get; init; } = "*";

    /// <summary>Topic filters that may be published to.</summary>
    [Required]
    public string[] Publish { get; init; } = [];

    /// <summary>Topic filters that may be subscribed to; a subscription must be covered by one of them.</summary>
    [Required]
    public string[] Subscribe { get; init; } = [];
}
