using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Telemetry.Edge.Security.Scram;

/// <summary>The client's first message of SCRAM, RFC 5802 section 7: <c>n,,n=user,r=nonce</c>.</summary>
/// <param name="Header">GS2 header, to be repeated in the final message.</param>
/// <param name="Bare">The message without it.</param>
/// <param name="User">User name, its commas and equals signs decoded.</param>
/// <param name="Nonce">The client's nonce.</param>
internal sealed record ScramClientFirst(string Header, string Bare, string User, string Nonce)
{
    private const int NonceCharactersMax = 256;

    public static bool TryParse(string message, [NotNullWhen(true)] out ScramClientFirst? first)
    {
        first = null;
        var parts = message.Split(',', 3);
        // p= would bind to the channel, which we do not offer; y and n say that the client does not.
        if (parts is not ["n" or "y", var authorization, var bare]
            || bare.Split(',') is not [['n', '=', .. var name], ['r', '=', .. var nonce], ..]
            || nonce.Length is 0 or > NonceCharactersMax || nonce.Any(c => c is < '!' or > '~')
            || !TryDecode(name, out var user))
        {
            return false;
        }

        if (authorization.Length > 0 && (!authorization.StartsWith("a=", StringComparison.Ordinal) || authorization[2..] != name))
        {
            // To act as somebody else is not offered.
            return false;
        }

        first = new ScramClientFirst($"{parts[0]},{authorization},", bare, user, nonce);
        return true;
    }

    private static bool TryDecode(string name, out string user)
    {
        user = name.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
        return user.Length > 0 && !name.Replace("=2C", "", StringComparison.Ordinal).Replace("=3D", "", StringComparison.Ordinal).Contains('=', StringComparison.Ordinal);
    }
}

/// <summary>The client's final message: <c>c=header,r=nonce,p=proof</c>.</summary>
/// <param name="Binding">GS2 header, decoded.</param>
/// <param name="Nonce">Both nonces.</param>
/// <param name="Proof">ClientProof.</param>
/// <param name="WithoutProof">The message up to the proof.</param>
internal sealed record ScramClientFinal(string Binding, string Nonce, byte[] Proof, string WithoutProof)
{
    public static bool TryParse(string message, [NotNullWhen(true)] out ScramClientFinal? final)
    {
        final = null;
        var end = message.LastIndexOf(",p=", StringComparison.Ordinal);
        if (end < 0 || message[..end].Split(',') is not [['c', '=', .. var binding], ['r', '=', .. var nonce], ..])
        {
            return false;
        }

        try
        {
            final = new ScramClientFinal(
                Encoding.ASCII.GetString(Convert.FromBase64String(binding)), nonce, Convert.FromBase64String(message[(end + 3)..]), message[..end]);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
