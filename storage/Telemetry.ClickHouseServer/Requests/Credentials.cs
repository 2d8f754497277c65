using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.ClickHouseServer.Options;
using Telemetry.Contracts.Secrets;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Requests;

/// <summary>The one user and its password, in each of the places where ClickHouse's clients put them.</summary>
internal sealed class Credentials(string user, string password)
{
    private readonly byte[] _password = SHA256.HashData(Encoding.UTF8.GetBytes(password));

    /// <exception cref="IOException">The password file cannot be read.</exception>
    public static Credentials From(ClickHouseServerOptions options) => new(
        options.User,
        options.PasswordFile.Length == 0 ? "" : SecretFile.Read(options.PasswordFile, "ClickHouseServer:PasswordFile"));

    /// <returns>The user.</returns>
    /// <exception cref="ClickHouseException">Not the user, not the password, or several of them in one request.</exception>
    public string Check(HttpRequest request)
    {
        var (name, secret) = Read(request);
        var right = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), _password);
        return right && name == user
            ? name
            : throw Failed($"{name}: Authentication failed: password is incorrect, or there is no user with such name");
    }

    private static (string Name, string Secret) Read(HttpRequest request)
    {
        var basic = RequestParser.Header(request, "Authorization");
        var header = request.Headers.ContainsKey("X-ClickHouse-User") || request.Headers.ContainsKey("X-ClickHouse-Key");
        var url = request.Query.ContainsKey("user") || request.Query.ContainsKey("password");
        if (basic is not null && (header || url))
        {
            throw Failed("Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers or URL parameters and Authorization HTTP header simultaneously");
        }

        if (header && url)
        {
            throw Failed("Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers and authentication via parameters simultaneously");
        }

        if (basic is not null)
        {
            return Basic(basic);
        }

        return header
            ? (RequestParser.Header(request, "X-ClickHouse-User") ?? "default", RequestParser.Header(request, "X-ClickHouse-Key") ?? "")
            : (request.Query["user"] is [{ Length: > 0 } name, ..] ? name : "default", request.Query["password"].FirstOrDefault() ?? "");
    }

    private static (string Name, string Secret) Basic(string header)
    {
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            throw Failed($"Invalid authentication: '{header.Split(' ')[0]}' HTTP Authorization scheme is not supported");
        }

        try
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(header["Basic ".Length..].Trim()));
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? (pair, "") : (pair[..colon], pair[(colon + 1)..]);
        }
        catch (FormatException)
        {
            throw Failed("Invalid authentication: the Authorization header is not Base64");
        }
    }

    private static ClickHouseException Failed(string message) =>
        new(ErrorCodes.AuthenticationFailed, ErrorCodes.Text(ErrorCodes.AuthenticationFailed, message));
}
