using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Telemetry.Edge.Security;

/// <summary>
/// Users and password hashes. A password that was right once is remembered as a keyed digest under a key of this process, so
/// that 10,000 reconnecting devices do not cost 10,000 slow hashes.
/// </summary>
internal sealed class PasswordAuthenticator : IAuthenticator, IDisposable
{
    private readonly Dictionary<string, string> _hashes;
    private readonly bool _certificatesSuffice;
    private readonly ConcurrentDictionary<string, byte[]> _verified = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly SemaphoreSlim _slowHashes = new(Math.Max(1, Environment.ProcessorCount / 2));
    private readonly string _decoy;

    /// <param name="users">Users; the last of two equal names counts.</param>
    /// <param name="certificatesSuffice">A client with a verified certificate needs no password.</param>
    public PasswordAuthenticator(IEnumerable<MqttUserOptions> users, bool certificatesSuffice)
    {
        _hashes = [];
        foreach (var user in users)
        {
            try
            {
                PasswordHash.Parse(user.PasswordHash);
            }
            catch (FormatException exception)
            {
                throw new EdgeConfigurationException($"Users: the password hash of '{user.Name}' cannot be read: {exception.Message}", exception);
            }

            _hashes[user.Name] = user.PasswordHash;
        }

        _certificatesSuffice = certificatesSuffice;
        // Unknown names cost as much as known ones.
        _decoy = _hashes.Values.FirstOrDefault() ?? PasswordHash.Create([], 1_000);
    }

    public bool RequiresCredentials => true;

    /// <summary>Reads <c>name:hash</c> lines.</summary>
    public static IEnumerable<MqttUserOptions> ReadFile(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EdgeConfigurationException($"UsersFile '{path}' cannot be read: {exception.Message}", exception);
        }

        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw new EdgeConfigurationException($"UsersFile '{path}', line {i + 1}: expected 'name:hash'.");
            }

            yield return new MqttUserOptions { Name = line[..colon], PasswordHash = line[(colon + 1)..] };
        }
    }

    public async ValueTask<AuthenticationResult> AuthenticateAsync(ClientCredentials credentials, CancellationToken cancellationToken)
    {
        var identity = new MqttClientIdentity(credentials.ClientId, credentials.UserName, credentials.CertificateName);
        if (credentials.UserName is not { } user)
        {
            return _certificatesSuffice && credentials.CertificateName is not null
                ? AuthenticationResult.Accepted(identity)
                : AuthenticationResult.Refused(AuthenticationOutcome.NotAuthorized);
        }

        var digest = HMACSHA256.HashData(_key, credentials.Password.Span);
        if (_verified.TryGetValue(user, out var known) && CryptographicOperations.FixedTimeEquals(known, digest))
        {
            return AuthenticationResult.Accepted(identity);
        }

        await _slowHashes.WaitAsync(cancellationToken);
        try
        {
            await Task.Yield();
            var exists = _hashes.TryGetValue(user, out var hash);
            if (!PasswordHash.Verify(credentials.Password.Span, hash ?? _decoy) || !exists)
            {
                return AuthenticationResult.Refused(AuthenticationOutcome.BadCredentials);
            }
        }
        finally
        {
            _slowHashes.Release();
        }

        _verified[user] = digest;
        return AuthenticationResult.Accepted(identity);
    }

    public void Dispose() => _slowHashes.Dispose();
}
