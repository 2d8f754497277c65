using System.Security.Cryptography;

namespace Telemetry.Edge.Security.Passwords;

/// <summary>Makes and checks what is kept of a password in place of the password.</summary>
public static class PasswordHash
{
    /// <summary>Hashes with PBKDF2 (RFC 8018) and a new random salt: <c>pbkdf2-sha256$iterations$salt$hash</c>.</summary>
    /// <param name="password">The password.</param>
    /// <param name="iterations">1,000 to 10,000,000; more is slower to guess and slower to check.</param>
    public static string Create(ReadOnlySpan<byte> password, int iterations = 210_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, Pbkdf2Password.IterationsMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, Pbkdf2Password.IterationsMax);
        return Pbkdf2Password.Create(password, iterations).ToString();
    }

    /// <summary>Hashes with Argon2id (RFC 9106) and a new random salt: <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>.</summary>
    /// <param name="password">The password.</param>
    /// <param name="memoryKib">Memory of one hash in KiB, 8 to 262,144. Default 19 MiB.</param>
    /// <param name="passes">Passes over that memory, 1 to 20. Default 2.</param>
    public static string CreateArgon2id(ReadOnlySpan<byte> password, int memoryKib = 19_456, int passes = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryKib, Argon2idPassword.MemoryKibMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(memoryKib, Argon2idPassword.MemoryKibMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(passes, Argon2idPassword.PassesMax);
        return Argon2idPassword.Create(password, memoryKib, passes).ToString();
    }

    /// <summary>
    /// Keys for SCRAM-SHA-256 (RFC 5803, RFC 7677) with a new random salt: <c>SCRAM-SHA-256$iterations:salt$storedKey:serverKey</c>. They
    /// check a plain password as well.
    /// </summary>
    /// <param name="password">The password.</param>
    /// <param name="iterations">4,096 to 10,000,000; the client has to compute them at every connect.</param>
    public static string CreateScram(ReadOnlySpan<byte> password, int iterations = 15_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, ScramKeys.IterationsMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, Pbkdf2Password.IterationsMax);
        return ScramKeys.Create(password, RandomNumberGenerator.GetBytes(StoredPassword.NewSaltBytes), iterations).ToString();
    }

    /// <summary>True when the password belongs to the hash. Takes the same time whether it does or not.</summary>
    /// <exception cref="FormatException"><paramref name="encoded"/> is not such a hash.</exception>
    public static bool Verify(ReadOnlySpan<byte> password, string encoded) => StoredPassword.Parse(encoded).Verify(password);
}
