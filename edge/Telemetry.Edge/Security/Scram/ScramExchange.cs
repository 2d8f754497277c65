using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Edge.Security.Passwords;

namespace Telemetry.Edge.Security.Scram;

/// <summary>
/// The server's side of SCRAM-SHA-256, RFC 5802 and RFC 7677. The password never crosses the wire, and the server proves that it knows the user too.
/// <code>
/// client ── n,,n=user,r=nonce ──────────────> first
/// client &lt;─ r=nonce+ours,s=salt,i=count ──── server first
/// client ── c=biws,r=nonce+ours,p=proof ────> final
/// client &lt;─ v=signature ──────────────────── server final
/// </code>
/// </summary>
/// <param name="find">The keys of a user; keys that fit nothing when there is none of that name, so that nobody learns which names exist.</param>
/// <param name="mayTry">False: the user is not looked at now.</param>
/// <param name="judged">Told the user and whether the proof was right.</param>
internal sealed class ScramExchange(Func<string, ScramKeys> find, Func<string, bool> mayTry, Action<string, bool> judged) : IAuthExchange
{
    public const string Method = "SCRAM-SHA-256";

    private const int NonceBytes = 24;

    /// <summary>Longest message taken, in bytes.</summary>
    private const int BytesMax = 2048;

    private ScramClientFirst? _first;
    private ScramKeys? _keys;
    private string _serverFirst = "";
    private string _nonce = "";
    private bool _asked;
    private bool _ended;

    public AuthStep Next(ReadOnlySpan<byte> data)
    {
        if (_ended || data.Length > BytesMax)
        {
            return End(AuthStep.Failed);
        }

        if (data.IsEmpty && _first is null && !_asked)
        {
            // CONNECT brought no data: an empty challenge asks for the first message, RFC 4422 section 3.
            _asked = true;
            return new AuthStep(AuthStepKind.Continue, []);
        }

        var message = Encoding.UTF8.GetString(data);
        return _first is null ? First(message) : Final(message);
    }

    private AuthStep First(string message)
    {
        if (!ScramClientFirst.TryParse(message, out var first))
        {
            return End(AuthStep.Failed);
        }

        if (!mayTry(first.User))
        {
            return End(AuthStep.TryLater);
        }

        _first = first;
        _keys = find(first.User);
        _nonce = first.Nonce + Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes));
        _serverFirst = string.Create(
            CultureInfo.InvariantCulture, $"r={_nonce},s={Convert.ToBase64String(_keys.Salt)},i={_keys.Iterations}");
        return new AuthStep(AuthStepKind.Continue, Encoding.ASCII.GetBytes(_serverFirst));
    }

    private AuthStep Final(string message)
    {
        var isRight = false;
        byte[] signature = [];
        if (ScramClientFinal.TryParse(message, out var final) && final.Binding == _first!.Header && final.Nonce == _nonce
            && final.Proof.Length == SHA256.HashSizeInBytes)
        {
            var authentication = Encoding.UTF8.GetBytes($"{_first.Bare},{_serverFirst},{final.WithoutProof}");
            var clientKey = HMACSHA256.HashData(_keys!.StoredKey, authentication);
            for (var i = 0; i < clientKey.Length; i++)
            {
                clientKey[i] ^= final.Proof[i];
            }

            isRight = CryptographicOperations.FixedTimeEquals(SHA256.HashData(clientKey), _keys.StoredKey);
            signature = HMACSHA256.HashData(_keys.ServerKey, authentication);
        }

        judged(_first!.User, isRight);
        return End(isRight
            ? new AuthStep(AuthStepKind.Succeeded, Encoding.ASCII.GetBytes($"v={Convert.ToBase64String(signature)}"), _first.User)
            : AuthStep.Failed);
    }

    private AuthStep End(in AuthStep step)
    {
        _ended = true;
        return step;
    }
}
