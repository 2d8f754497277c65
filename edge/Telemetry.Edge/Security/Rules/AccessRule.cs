namespace Telemetry.Edge.Security.Rules;

/// <summary>One rule: these may, or may not, publish or subscribe there.</summary>
/// <param name="Denies">It takes the right away; it wins over every rule that gives it.</param>
/// <param name="Publish">It is about publishing.</param>
/// <param name="Subscribe">It is about subscribing and receiving.</param>
/// <param name="Who">Whom it is about.</param>
/// <param name="Filter">Which topics.</param>
/// <param name="Origin">Where it stands, for people.</param>
internal sealed record AccessRule(bool Denies, bool Publish, bool Subscribe, Who Who, RuleFilter Filter, string Origin)
{
    public bool AppliesTo(MqttClientIdentity client, ReadOnlySpan<byte> asked) =>
        Who.Is(client) && Filter.Covers(client, asked, alsoSystem: Denies);

    public override string ToString() =>
        $"{(Denies ? "deny" : "allow")} {(Publish && Subscribe ? "all" : Publish ? "publish" : "subscribe")} {Who} {Filter.Text} ({Origin})";
}
