using System.Globalization;
using System.Security.Cryptography;

namespace Telemetry.Edge.Security.Passwords;

/// <summary>PBKDF2 with HMAC-SHA256, RFC 8018: <c>pbkdf2-sha256$iterations$salt$hash</c>.</summary>
internal sealed class Pbkdf2Password(int iterations, byte[] salt, byte[] hash) : StoredPassword
{
    public const string Prefix = "pbkdf2-sha256$";
    public const int IterationsMin = 1_000;
    public const int IterationsMax = 10_000_000;

    private const int HashBytes = 32;

    public override long MemoryBytes => 1024;

    public static Pbkdf2Password Create(ReadOnlySpan<byte> password, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(NewSaltBytes);
        return new(iterations, salt, Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashBytes));
    }

    public static new Pbkdf2Password Parse(string encoded)
    {
        if (encoded.Split('$') is not [_, var count, var salt, var hash])
        {
            throw new FormatException($"a hash of this kind must look like '{Prefix}210000$salt$hash'.");
        }

        return new(Number(count, "the number of iterations", IterationsMin, IterationsMax), Base64(salt, "salt", false), Base64(hash, "hash", true));
    }

    public override bool Verify(ReadOnlySpan<byte> password) => CryptographicOperations.FixedTimeEquals(
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, hash.Length), hash);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
}
