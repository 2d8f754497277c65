using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Telemetry.IntegrationTests.Edge;

/// <summary>The client's side of SCRAM-SHA-256, RFC 5802 section 3 formula by formula, with nothing of the broker's in it.</summary>
internal sealed class ScramClient(string user, string password)
{
    private readonly string _bare = $"n={user},r={Convert.ToBase64String(RandomNumberGenerator.GetBytes(18))}";
    private byte[] _expected = [];

    public byte[] First() => Encoding.UTF8.GetBytes("n,," + _bare);

    /// <summary>Salt and iterations that the server names.</summary>
    public string Challenge { get; private set; } = "";

    public byte[] Final(ReadOnlySpan<byte> serverFirst)
    {
        var challenge = Encoding.ASCII.GetString(serverFirst);
        var parts = challenge.Split(',');
        parts[0].ShouldStartWith("r=" + _bare[(_bare.IndexOf(",r=", StringComparison.Ordinal) + 3)..]);
        Challenge = $"{parts[1]},{parts[2]}";
        var salt = Convert.FromBase64String(parts[1][2..]);
        var iterations = int.Parse(parts[2][2..], CultureInfo.InvariantCulture);
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c=biws,{parts[0]}";
        var authMessage = Encoding.UTF8.GetBytes($"{_bare},{challenge},{withoutProof}");
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), authMessage);
        _expected = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), authMessage);
        var proof = clientKey.Zip(signature, (a, b) => (byte)(a ^ b)).ToArray();
        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(proof)}");
    }

    /// <summary>The server knows the user's keys too.</summary>
    public void ShouldBeProvedBy(ReadOnlySpan<byte> serverFinal) =>
        Encoding.ASCII.GetString(serverFinal).ShouldBe($"v={Convert.ToBase64String(_expected)}");
}
