namespace Telemetry.Edge.Security.Rules;

/// <summary>Whom a rule is about.</summary>
/// <param name="Kind">What is compared.</param>
/// <param name="Name">With what; null where nothing is.</param>
internal readonly record struct Who(WhoKind Kind, string? Name)
{
    public static Who Everyone => new(WhoKind.Everyone, null);

    /// <summary>True when it names one client, not a class of them: such a rule is made for it on purpose.</summary>
    public bool IsByName => Kind is WhoKind.User or WhoKind.Certificate;

    public bool Is(MqttClientIdentity client) => Kind switch
    {
        WhoKind.Everyone => true,
        WhoKind.Users => client.UserName is not null,
        WhoKind.Anonymous => client.UserName is null && client.CertificateName is null,
        WhoKind.User => client.UserName == Name,
        WhoKind.Certificate => client.CertificateName == Name,
        _ => client.ClientId == Name,
    };

    /// <summary>Reads <c>everyone</c>, <c>users</c>, <c>anonymous</c>, <c>user=NAME</c>, <c>certificate=NAME</c> or <c>client=ID</c>.</summary>
    public static bool TryParse(string text, out Who who)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = equals >= 0 ? text[(equals + 1)..] : null;
        WhoKind? kind = (equals >= 0 ? text[..equals] : text) switch
        {
            "everyone" when name is null => WhoKind.Everyone,
            "users" when name is null => WhoKind.Users,
            "anonymous" when name is null => WhoKind.Anonymous,
            "user" when name is { Length: > 0 } => WhoKind.User,
            "certificate" when name is { Length: > 0 } => WhoKind.Certificate,
            "client" when name is { Length: > 0 } => WhoKind.Client,
            _ => null,
        };
        who = new Who(kind ?? WhoKind.Everyone, name);
        return kind is not null;
    }

    public override string ToString() => Name is null ? Kind.ToString().ToLowerInvariant() : $"{Kind.ToString().ToLowerInvariant()}={Name}";
}

internal enum WhoKind
{
    Everyone,

    /// <summary>Whoever proved to be a user.</summary>
    Users,

    /// <summary>Whoever proved nothing.</summary>
    Anonymous,

    User,
    Certificate,

    /// <summary>By client identifier, which anyone may choose: no proof of anything.</summary>
    Client,
}
