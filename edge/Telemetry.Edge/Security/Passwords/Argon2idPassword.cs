using System.Globalization;
using System.Security.Cryptography;
using Konscious.Security.Cryptography;

namespace Telemetry.Edge.Security.Passwords;

/// <summary>Argon2id, RFC 9106, in the PHC string format: <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>.</summary>
internal sealed class Argon2idPassword(int memoryKib, int passes, int lanes, byte[] salt, byte[] hash) : StoredPassword
{
    public const string Prefix = "$argon2id$";
    public const int MemoryKibMin = 8;
    public const int MemoryKibMax = 256 * 1024;
    public const int PassesMax = 20;

    private const int LanesMax = 16;
    private const int HashBytes = 32;

    public override long MemoryBytes => memoryKib * 1024L;

    public static Argon2idPassword Create(ReadOnlySpan<byte> password, int memoryKib, int passes)
    {
        var salt = RandomNumberGenerator.GetBytes(NewSaltBytes);
        return new(memoryKib, passes, 1, salt, Hash(password, memoryKib, passes, 1, salt, HashBytes));
    }

    public static new Argon2idPassword Parse(string encoded)
    {
        if (encoded.Split('$') is not ["", _, "v=19", var settings, var salt, var hash]
            || settings.Split(',') is not [['m', '=', .. var memory], ['t', '=', .. var passes], ['p', '=', .. var lanes]])
        {
            throw new FormatException($"a hash of this kind must look like '{Prefix}v=19$m=19456,t=2,p=1$salt$hash'.");
        }

        var p = Number(lanes, "p (lanes)", 1, LanesMax);
        return new(
            Number(memory, "m (KiB of memory)", MemoryKibMin * p, MemoryKibMax),
            Number(passes, "t (passes)", 1, PassesMax),
            p,
            Base64(salt, "salt", false),
            Base64(hash, "hash", true));
    }

    public override bool Verify(ReadOnlySpan<byte> password) =>
        CryptographicOperations.FixedTimeEquals(Hash(password, memoryKib, passes, lanes, salt, hash.Length), hash) && !password.IsEmpty;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Prefix}v=19$m={memoryKib},t={passes},p={lanes}${Unpadded(salt)}${Unpadded(hash)}");

    private static string Unpadded(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[] Hash(ReadOnlySpan<byte> password, int memoryKib, int passes, int lanes, byte[] salt, int length)
    {
        // The library takes no empty password. None is right, but the answer must not come sooner for it.
        using var argon2 = new Argon2id(password.IsEmpty ? [0] : password.ToArray())
        {
            Salt = salt, MemorySize = memoryKib, Iterations = passes, DegreeOfParallelism = lanes,
        };
        return argon2.GetBytes(length);
    }
}
