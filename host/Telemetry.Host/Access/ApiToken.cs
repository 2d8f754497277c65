using System.Text.Json.Serialization;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Host.Access;

/// <summary>An API token as it is kept: a line of JSON in the tokens file. The token itself is <c>tlm_ID_SECRET</c> and is not kept.</summary>
internal sealed record ApiToken
{
    /// <summary>Public part, by which it is listed and revoked.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256 of the secret, in hexadecimal figures. The secret is 256 random bits: no slow hash is needed.</summary>
    public required string Hash { get; init; }

    /// <summary>Whose it is: a user of the users file, or the name of a service.</summary>
    public required string Owner { get; init; }

    /// <summary>The owner is a user of the users file: the token ends with the user, and never has more than the user has.</summary>
    public bool IsOfUser { get; init; }

    /// <summary>What it may.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<UserRole>))]
    public required UserRole Role { get; init; }

    /// <summary>Device ids it sees; empty: all its owner sees.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>What it is for.</summary>
    public string Label { get; init; } = "";

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Expires { get; init; }
}
