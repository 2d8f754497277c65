namespace Telemetry.Edge.Security.Passwords;

/// <summary>
/// What is kept of one password. Parsing refuses whatever would let any password in (an empty hash) or make checking endless
/// (too many iterations, too much memory).
/// </summary>
public abstract class StoredPassword
{
    internal const int NewSaltBytes = 16;

    /// <summary>Fewest bytes of a salt; RFC 8018 asks for 8.</summary>
    private const int SaltBytesMin = 8;

    /// <summary>Fewest bytes of a hash that are taken.</summary>
    private const int HashBytesMin = 16;

    /// <summary>Most bytes of a salt or a hash.</summary>
    private const int BytesMax = 128;

    /// <summary>Bytes of memory that one check takes.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>Reads any of the three forms, told apart by how they begin.</summary>
    /// <exception cref="FormatException">It is none of them, or one that is not safe; the message says what is wrong and what to do.</exception>
    public static StoredPassword Parse(string encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        if (encoded.Length == 0)
        {
            throw new FormatException("the hash is empty, and an empty hash would fit any password. Make one with: telemetry users add NAME.");
        }

        return encoded switch
        {
            _ when encoded.StartsWith(Argon2idPassword.Prefix, StringComparison.Ordinal) => Argon2idPassword.Parse(encoded),
            _ when encoded.StartsWith(ScramKeys.Prefix, StringComparison.Ordinal) => ScramKeys.Parse(encoded),
            _ when encoded.StartsWith(Pbkdf2Password.Prefix, StringComparison.Ordinal) => Pbkdf2Password.Parse(encoded),
            _ => throw new FormatException(
                $"a hash begins with '{Argon2idPassword.Prefix}', '{ScramKeys.Prefix}' or '{Pbkdf2Password.Prefix}'. Make one with: telemetry users add NAME."),
        };
    }

    /// <summary>True when the password is the one. Slow on purpose; takes the same time whether it is or not.</summary>
    public abstract bool Verify(ReadOnlySpan<byte> password);

    /// <summary>Salt or hash in Base64, with or without padding.</summary>
    private protected static byte[] Base64(string text, string what, bool isHash)
    {
        var buffer = new byte[BytesMax + 2];
        var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        if (!Convert.TryFromBase64String(padded, buffer, out var count))
        {
            throw new FormatException($"the {what} is not Base64 of at most {BytesMax} bytes.");
        }

        var least = isHash ? HashBytesMin : SaltBytesMin;
        return count >= least && count <= BytesMax
            ? buffer[..count]
            : throw new FormatException($"the {what} has {count} bytes; it must have {least} to {BytesMax}.");
    }

    private protected static int Number(string text, string what, int least, int most) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value)
            && value >= least && value <= most
            ? value
            : throw new FormatException($"{what} is '{text}'; it must be a number from {least} to {most}.");
}
