namespace Telemetry.Host.Configuration;

/// <summary>One setting that cannot be used.</summary>
/// <param name="Key">Path of the setting, for example <c>Edge:Port</c>.</param>
/// <param name="Value">What was given; null when it is missing.</param>
/// <param name="Problem">What is wrong and what to give instead.</param>
/// <param name="Source">Where the value came from.</param>
internal sealed record ConfigurationError(string Key, string? Value, string Problem, string Source)
{
    public override string ToString() =>
        $"{Key} = {(Value is null ? "(missing)" : $"\"{Value}\"")} (from {Source}): {Problem}";
}

/// <summary>The settings cannot be used; the message lists all of them, one a line.</summary>
internal sealed class ConfigurationException(IReadOnlyList<ConfigurationError> errors)
    : Exception("The configuration cannot be used:" + Environment.NewLine
        + string.Join(Environment.NewLine, errors.Select(e => "  " + e)))
{
    public IReadOnlyList<ConfigurationError> Errors { get; } = errors;
}
