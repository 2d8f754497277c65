using System.Globalization;
using System.Security.Cryptography;

namespace Telemetry.Edge;

/// <summary>Password hashes: PBKDF2 with HMAC-SHA256 (RFC 8018), written <c>pbkdf2-sha256$iterations$salt$hash</c>.</summary>
public static class PasswordHash
{
    private const string Scheme = "pbkdf2-sha256";
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>Hashes a password with a new random salt.</summary>
    /// <param name="password">The password.</param>
    /// <param name="iterations">1,000 to 10,000,000; more is slower to guess and slower to check.</param>
    public static string Create(ReadOnlySpan<byte> password, int iterations = 210_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1_000);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, 10_000_000);
        Span<byte> salt = stackalloc byte[SaltBytes];
        RandomNumberGenerator.Fill(salt);
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, HashBytes);
        return $"{Scheme}${iterations.ToString(CultureInfo.InvariantCulture)}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    }

    /// <summary>True when the password belongs to the hash. Takes the same time whether it does or not.</summary>
    /// <exception cref="FormatException"><paramref name="encoded"/> is not such a hash.</exception>
    public static bool Verify(ReadOnlySpan<byte> password, string encoded)
    {
        var (iterations, salt, expected) = Parse(encoded);
        var actual = Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, expected.Length);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }

    internal static (int Iterations, byte[] Salt, byte[] Hash) Parse(string encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        var parts = encoded.Split('$');
        if (parts is not [Scheme, var count, var salt, var hash]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < 1_000 or > 10_000_000)
        {
            throw new FormatException($"A password hash must look like '{Scheme}$210000$salt$hash'.");
        }

        return (iterations, Convert.FromBase64String(salt), Convert.FromBase64String(hash));
    }
}
