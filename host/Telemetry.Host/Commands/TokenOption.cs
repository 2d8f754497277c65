using System.CommandLine;
using System.Net.Http.Headers;

namespace Telemetry.Host.Commands;

/// <summary>The API token that a command shows, from a file: never from its own arguments, which every process of the machine can read.</summary>
internal sealed class TokenOption
{
    private const string Variable = "TELEMETRY_TOKEN_FILE";

    private readonly Option<string?> _file = new("--token-file")
    {
        Description = $"File whose first line is an API token; needed once there are users (default: what {Variable} names).",
    };

    public void AddTo(Command command) => command.Options.Add(_file);

    /// <summary>What is sent; null without a token.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public AuthenticationHeaderValue? Read(ParseResult result) => Of(result.GetValue(_file));

    /// <summary>The same for a file, or without one for what the variable names.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static AuthenticationHeaderValue? Of(string? given) =>
        (given ?? Environment.GetEnvironmentVariable(Variable)) is { Length: > 0 } file
            ? new AuthenticationHeaderValue("Bearer", File.ReadLines(file).FirstOrDefault()?.Trim())
            : null;
}
