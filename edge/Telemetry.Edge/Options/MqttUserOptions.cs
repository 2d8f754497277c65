using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>A user of the broker.</summary>
public sealed record MqttUserOptions
{
    /// <summary>User name, compared exactly.</summary>
    [Required]
    public string Name { get; init; } = "";

    /// <summary>
    /// <c>pbkdf2-sha256$iterations$salt$hash</c>, salt and hash in Base64; <see cref="PasswordHash.Create"/> makes one.
    /// </summary>
    [Required]
    public string PasswordHash { get; init; } = "";
}
