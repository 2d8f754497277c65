using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Telemetry.Edge;
using Telemetry.Edge.Security.Users;
using Telemetry.Query.Access;

namespace Telemetry.Host.Access;

/// <summary>
/// The tokens file: a line of JSON for each token, for its owner's eyes only, replaced whole. Read again when it changes, so that a token that one process or the
/// command line makes or revokes counts in the others within a second or two.
/// </summary>
internal sealed class ApiTokens
{
    /// <summary>What every token begins with, so that scanners of leaked secrets know it.</summary>
    public const string Prefix = "tlm_";

    private const int TokensMax = 10_000;
    private const long BytesMax = 16 << 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private Dictionary<string, ApiToken> _tokens;
    private string _seen;
    private long _lookedAt;

    /// <param name="file">The file; it need not be there.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Tells of a file that cannot be used.</param>
    /// <exception cref="EdgeConfigurationException">There is a file, and it cannot be used.</exception>
    public ApiTokens(string file, TimeProvider time, ILogger logger)
    {
        (_file, _time, _logger) = (file, time, logger);
        _seen = Signature();
        _tokens = Read(file);
        _lookedAt = time.GetTimestamp();
    }

    /// <summary>Where they are kept.</summary>
    public string Path => _file;

    /// <summary>There is a token that has not expired.</summary>
    public bool Any => Current().Values.Any(t => t.Expires > _time.GetUtcNow());

    /// <summary>All tokens, newest first; those that have expired are among them until the next change of the file.</summary>
    public IReadOnlyList<ApiToken> List() => [.. Current().Values.OrderByDescending(t => t.Created)];

    /// <summary>True while the token of this id is there and has not expired.</summary>
    public bool IsGood(string id) => Current().TryGetValue(id, out var token) && token.Expires > _time.GetUtcNow();

    /// <summary>The token of which this is the text; null when there is none, or it has expired.</summary>
    public ApiToken? Find(string text)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || text.Split('_', 3) is not [_, var id, var secret])
        {
            return null;
        }

        return Current().TryGetValue(id, out var token)
            && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(token.Hash), Encoding.ASCII.GetBytes(HashOf(secret)))
            && token.Expires > _time.GetUtcNow()
            ? token
            : null;
    }

    /// <summary>Makes a token and keeps its hash.</summary>
    /// <returns>The token as kept, and its text: this is the only time that it is to be seen.</returns>
    /// <exception cref="EdgeConfigurationException">The file cannot be changed.</exception>
    /// <exception cref="FormatException">There are as many as there may be, or something in it cannot be kept.</exception>
    public (ApiToken Token, string Text) Add(string owner, bool isOfUser, UserRole role, IReadOnlyList<string> devices, string label, TimeSpan lifetime)
    {
        UsersFile.CheckName(owner);
        if (label.Length > 200)
        {
            throw new FormatException("The label of a token has 200 characters at most.");
        }

        var now = _time.GetUtcNow();
        var secret = Convert.ToHexString(RandomNumberGenerator.GetBytes(32)).ToLowerInvariant();
        var token = new ApiToken
        {
            Id = Convert.ToHexString(RandomNumberGenerator.GetBytes(6)).ToLowerInvariant(),
            Hash = HashOf(secret),
            Owner = owner,
            IsOfUser = isOfUser,
            Role = role,
            Devices = devices,
            Label = label,
            Created = now,
            Expires = now + lifetime,
        };
        OwnerOnlyFile.Rewrite(_file, "TokensFile", lines =>
        {
            var kept = lines.Select(Parse).OfType<ApiToken>().Where(t => t.Expires > now).ToList();
            if (kept.Count >= TokensMax)
            {
                throw new FormatException($"There are {TokensMax} tokens already. Revoke some that are not needed.");
            }

            lines.Clear();
            lines.AddRange(kept.Append(token).Select(t => JsonSerializer.Serialize(t)));
            return true;
        });
        Look(force: true);
        return (token, $"{Prefix}{token.Id}_{secret}");
    }

    /// <summary>Revokes a token.</summary>
    /// <returns>False when there is none of this id.</returns>
    /// <exception cref="EdgeConfigurationException">The file cannot be changed.</exception>
    public bool Revoke(string id)
    {
        var found = false;
        OwnerOnlyFile.Rewrite(_file, "TokensFile", lines => found = lines.RemoveAll(l => Parse(l)?.Id == id) > 0);
        Look(force: true);
        return found;
    }

    private static string HashOf(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private Dictionary<string, ApiToken> Current()
    {
        Look(force: false);
        return Volatile.Read(ref _tokens);
    }

    private void Look(bool force)
    {
        lock (_gate)
        {
            if (!force && _time.GetElapsedTime(_lookedAt) < LookEvery)
            {
                return;
            }

            _lookedAt = _time.GetTimestamp();
            var now = Signature();
            if (now == _seen)
            {
                return;
            }

            try
            {
                Volatile.Write(ref _tokens, Read(_file));
                _seen = now;
            }
            catch (EdgeConfigurationException exception)
            {
                // The tokens of before go on; the file is tried again.
                AccessLog.TokensNotRead(_logger, _file, exception.Message);
            }
        }
    }

    private string Signature()
    {
        var info = new FileInfo(_file);
        return info.Exists ? $"{info.ResolveLinkTarget(returnFinalTarget: true)?.FullName}:{info.LastWriteTimeUtc.Ticks}:{info.Length}" : "missing";
    }

    private static Dictionary<string, ApiToken> Read(string file)
    {
        try
        {
            if (!File.Exists(file))
            {
                return [];
            }

            if (new FileInfo(file).Length > BytesMax)
            {
                throw new EdgeConfigurationException($"TokensFile '{file}' is larger than {BytesMax} bytes. Revoke tokens that are not needed.");
            }

            return File.ReadLines(file).Select(Parse).OfType<ApiToken>().ToDictionary(t => t.Id, StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or FormatException or ArgumentException)
        {
            throw new EdgeConfigurationException($"TokensFile '{file}' cannot be used: {exception.Message}", exception);
        }
    }

    private static ApiToken? Parse(string line)
    {
        if (line.Length == 0)
        {
            return null;
        }

        var token = JsonSerializer.Deserialize<ApiToken>(line) ?? throw new FormatException("a line is null.");
        _ = DeviceScope.Of(token.Devices);
        return token;
    }
}
