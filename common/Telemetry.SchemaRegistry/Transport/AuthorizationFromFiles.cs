using System.Net.Http.Headers;
using System.Text;
using Confluent.SchemaRegistry;
using Telemetry.Contracts.Secrets;

namespace Telemetry.SchemaRegistry.Transport;

/// <summary>The Authorization header, from a file that is read for each request: a secret can be renewed under a running process.</summary>
/// <param name="userName">For basic authentication; null: a bearer token.</param>
/// <param name="file">File with the password or the token.</param>
/// <param name="setting">Setting that names the file, for the error.</param>
internal sealed class AuthorizationFromFiles(string? userName, string file, string setting) : IAuthenticationHeaderValueProvider
{
    /// <summary>Null: without credentials.</summary>
    public static AuthorizationFromFiles? Of(SchemaRegistryOptions options) => options switch
    {
        { TokenFile: { Length: > 0 } token } => new AuthorizationFromFiles(null, token, "SchemaRegistry:" + nameof(options.TokenFile)),
        { UserName: { Length: > 0 } user, PasswordFile: { Length: > 0 } password } =>
            new AuthorizationFromFiles(user, password, "SchemaRegistry:" + nameof(options.PasswordFile)),
        _ => null,
    };

    /// <inheritdoc/>
    /// <exception cref="SchemaRegistryException">The file cannot be read; says which, and which setting. It may be there the next time.</exception>
    public AuthenticationHeaderValue GetAuthenticationHeader()
    {
        var secret = Read();
        return userName is null
            ? new AuthenticationHeaderValue("Bearer", secret.Trim())
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{userName}:{secret}")));
    }

    private string Read()
    {
        try
        {
            return SecretFile.Read(file, setting);
        }
        catch (IOException e)
        {
            throw SchemaRegistryException.OfSecret(e);
        }
    }
}
