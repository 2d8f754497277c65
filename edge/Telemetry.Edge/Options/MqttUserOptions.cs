using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>A user of the broker.</summary>
public sealed record MqttUserOptions
{
    /// <summary>User name, compared exactly.</summary>
    [Required]
    public string Name { get; init; } = "";

    /// <summary>
    /// Argon2id (<c>$argon2id$...</c>), SCRAM keys (<c>SCRAM-SHA-256$...</c>) or PBKDF2 (<c>pbkdf2-sha256$...</c>);
    /// <c>telemetry users add</c> writes them.
    /// </summary>
    [Required]
    public string PasswordHash { get; init; } = "";
}
