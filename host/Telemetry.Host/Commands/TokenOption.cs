using System.CommandLine;
using System.Net.Http.Headers;

namespace Telemetry.Host.Commands;

/// <summary>The API token that a command shows, from a file or the environment: never from its own arguments, which every process of the machine can read.</summary>
internal sealed class TokenOption
{
    private const string FileVariable = "TELEMETRY_TOKEN_FILE";
    private const string Variable = "TELEMETRY_TOKEN";

    private readonly Option<string?> _file = new("--token-file")
    {
        Description = $"File whose first line is an API token; needed once there are users (default: the file that {FileVariable} names, or the token in {Variable}).",
    };

    public void AddTo(Command command) => command.Options.Add(_file);

    /// <summary>What is sent; null without a token.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public AuthenticationHeaderValue? Read(ParseResult result) => Of(result.GetValue(_file));

    /// <summary>The same for a file, or without one for what the variables say.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static AuthenticationHeaderValue? Of(string? given)
    {
        var token = (given ?? Environment.GetEnvironmentVariable(FileVariable)) is { Length: > 0 } file
            ? File.ReadLines(file).FirstOrDefault()
            : Environment.GetEnvironmentVariable(Variable);
        return token?.Trim() is { Length: > 0 } text ? new AuthenticationHeaderValue("Bearer", text) : null;
    }
}
