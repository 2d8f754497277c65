using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Telemetry.Edge.Security.Tokens;

/// <summary>Public keys, from PEM or JSON Web Keys. Keys that both sides know (oct) are not taken: whoever can check with one can sign with it.</summary>
internal static class TokenKeys
{
    /// <summary>Largest document that is read, in bytes.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <exception cref="EdgeConfigurationException">It cannot be read, or has no key that can be used.</exception>
    public static IReadOnlyList<SecurityKey> Load(string file)
    {
        try
        {
            return new FileInfo(file).Length <= BytesMax
                ? Parse(File.ReadAllText(file))
                : throw new FormatException($"it is larger than {BytesMax} bytes.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new EdgeConfigurationException($"Tokens.KeysFile '{file}' cannot be used: {exception.Message}", exception);
        }
    }

    /// <exception cref="FormatException">It has no key that can be used.</exception>
    public static IReadOnlyList<SecurityKey> Parse(string text)
    {
        try
        {
            var keys = text.AsSpan().TrimStart().StartsWith("{") ? ParseJson(text) : ParsePem(text);
            return keys.Count > 0 ? keys : throw new FormatException("it has no public key in it: give PEM keys or certificates, a JWK or a JWK set.");
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new FormatException($"a key in it cannot be read: {exception.Message}", exception);
        }
    }

    private static List<SecurityKey> ParseJson(string text)
    {
        var set = text.Contains("\"keys\"", StringComparison.Ordinal) ? new JsonWebKeySet(text).Keys : [new JsonWebKey(text)];
        return [.. set.Where(k => k.Kty is JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve && k.Use is null or "" or "sig")];
    }

    private static List<SecurityKey> ParsePem(string text)
    {
        var keys = new List<SecurityKey>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            var pem = rest[fields.Location].ToString();
            keys.Add(rest[fields.Label] switch
            {
                "CERTIFICATE" => new X509SecurityKey(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(rest[fields.Base64Data].ToString()))),
                "PUBLIC KEY" or "RSA PUBLIC KEY" => FromPem(pem),
                var label => throw new FormatException($"it holds '{label}'; give public keys or certificates only."),
            });
            rest = rest[fields.Location.End..];
        }

        return keys;
    }

    private static AsymmetricSecurityKey FromPem(string pem)
    {
        try
        {
            var elliptic = ECDsa.Create();
            elliptic.ImportFromPem(pem);
            return new ECDsaSecurityKey(elliptic);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // Not of an elliptic curve.
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
    }

    /// <summary>Reads a stream to its end, or to the limit.</summary>
    public static async Task<string> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[BytesMax + 1];
        var count = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return count <= BytesMax ? Encoding.UTF8.GetString(buffer, 0, count) : throw new FormatException($"it is larger than {BytesMax} bytes.");
    }
}
