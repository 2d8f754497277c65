using System.Globalization;
using System.Security.Cryptography;

namespace Telemetry.Edge.Security.Passwords;

/// <summary>
/// What a server keeps for SCRAM-SHA-256 (RFC 5802 section 3, written as RFC 5803 says):
/// <c>SCRAM-SHA-256$iterations:salt$storedKey:serverKey</c>. With it the password never crosses the wire.
/// </summary>
internal sealed class ScramKeys : StoredPassword
{
    public const string Prefix = "SCRAM-SHA-256$";

    /// <summary>RFC 7677 section 4.</summary>
    public const int IterationsMin = 4_096;

    private const int KeyBytes = 32;

    private ScramKeys(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) =>
        (Iterations, Salt, StoredKey, ServerKey) = (iterations, salt, storedKey, serverKey);

    public int Iterations { get; }

    public byte[] Salt { get; }

    public byte[] StoredKey { get; }

    public byte[] ServerKey { get; }

    public override long MemoryBytes => 1024;

    public static ScramKeys Create(ReadOnlySpan<byte> password, byte[] salt, int iterations)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, KeyBytes);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        return new(iterations, salt, SHA256.HashData(clientKey), HMACSHA256.HashData(salted, "Server Key"u8));
    }

    /// <summary>Keys of a user that does not exist: the same salt whenever it is asked for, and no password that fits.</summary>
    public static ScramKeys Decoy(byte[] secret, ReadOnlySpan<byte> user, int iterations) => new(
        iterations, HMACSHA256.HashData(secret, user)[..NewSaltBytes], RandomNumberGenerator.GetBytes(KeyBytes), RandomNumberGenerator.GetBytes(KeyBytes));

    public static new ScramKeys Parse(string encoded)
    {
        if (encoded.Split('$') is not [_, var cost, var keys]
            || cost.Split(':') is not [var iterations, var salt]
            || keys.Split(':') is not [var storedKey, var serverKey])
        {
            throw new FormatException($"keys of this kind must look like '{Prefix}15000:salt$storedKey:serverKey'.");
        }

        var (stored, server) = (Base64(storedKey, "stored key", true), Base64(serverKey, "server key", true));
        if (stored.Length != KeyBytes || server.Length != KeyBytes)
        {
            throw new FormatException($"stored key and server key have {stored.Length} and {server.Length} bytes; both must have {KeyBytes}.");
        }

        return new(Number(iterations, "the number of iterations", IterationsMin, Pbkdf2Password.IterationsMax), Base64(salt, "salt", false), stored, server);
    }

    public override bool Verify(ReadOnlySpan<byte> password) =>
        CryptographicOperations.FixedTimeEquals(Create(password, Salt, Iterations).StoredKey, StoredKey);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}{Iterations}:{Convert.ToBase64String(Salt)}${Convert.ToBase64String(StoredKey)}:{Convert.ToBase64String(ServerKey)}");
}
