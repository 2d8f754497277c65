namespace Telemetry.Edge;

/// <summary>The server's side of one enhanced authentication. Quick, and never blocks: one step for each packet of the client.</summary>
internal interface IAuthExchange
{
    /// <summary>Answers the client's data.</summary>
    AuthStep Next(ReadOnlySpan<byte> data);
}

/// <summary>An answer of an <see cref="IAuthExchange"/>.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Data">Authentication Data for the client; empty for none.</param>
/// <param name="User">Who it is, when it has succeeded.</param>
internal readonly record struct AuthStep(AuthStepKind Kind, byte[] Data, string? User = null)
{
    /// <summary>When what was proved ends; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public static AuthStep Failed => new(AuthStepKind.Failed, []);

    public static AuthStep TryLater => new(AuthStepKind.TryLater, []);
}

internal enum AuthStepKind
{
    /// <summary>0x18: the client goes on.</summary>
    Continue,

    /// <summary>The client is who it says.</summary>
    Succeeded,

    /// <summary>It is not, or does not keep to the method.</summary>
    Failed,

    /// <summary>Not looked at: too many failed before.</summary>
    TryLater,
}
