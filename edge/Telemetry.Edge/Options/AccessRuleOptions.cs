using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>
/// Allows or denies a user some topics. A denial wins over every permission; when anything is allowed by any rule, what no rule allows is refused.
/// A level <c>{user}</c>, <c>{client}</c>, <c>{certificate}</c> or <c>{device}</c> in a filter stands for that of the connection.
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

    /// <summary>Topic filters that must not be published to.</summary>
    [Required]
    public string[] DenyPublish { get; init; } = [];

    /// <summary>
    /// Topic filters that must not be subscribed to. A wider subscription is granted, and what is denied of it is not delivered.
    /// </summary>
    [Required]
    public string[] DenySubscribe { get; init; } = [];
}
