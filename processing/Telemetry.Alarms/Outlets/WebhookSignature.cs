using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Alarms.Outlets;

/// <summary>
/// Signs a webhook as the Standard Webhooks specification says: HMAC-SHA256 over <c>id.timestamp.body</c> in the header <c>webhook-signature</c>, beside
/// <c>webhook-id</c> and <c>webhook-timestamp</c> (seconds). Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
/// </summary>
internal static class WebhookSignature
{
    private const string SecretPrefix = "whsec_";

    /// <summary>A secret as it stands in its file: <c>whsec_</c> and base64, or the text itself.</summary>
    public static byte[] Key(string secret)
    {
        if (!secret.StartsWith(SecretPrefix, StringComparison.Ordinal))
        {
            return Encoding.UTF8.GetBytes(secret);
        }

        try
        {
            return Convert.FromBase64String(secret[SecretPrefix.Length..]);
        }
        catch (FormatException error)
        {
            throw new FormatException("The secret of the webhook begins with whsec_, but what follows is not base64.", error);
        }
    }

    /// <summary>The value of <c>webhook-signature</c>.</summary>
    public static string Of(byte[] key, string id, long timestampSeconds, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestampSeconds}.")));
        hmac.AppendData(body);
        return "v1," + Convert.ToBase64String(hmac.GetHashAndReset());
    }
}
