using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Telemetry.Edge.Security.Certificates;

/// <summary>A certificate revocation list, RFC 5280 section 5: what its issuer takes back. Its signature is checked when it is read.</summary>
internal sealed class RevocationList
{
    private const string Label = "X509 CRL";

    /// <summary>Largest file that is read, in bytes.</summary>
    private const long BytesMax = 64 << 20;

    private readonly HashSet<BigInteger> _serials;
    private readonly byte[] _issuer;

    private RevocationList(byte[] issuer, HashSet<BigInteger> serials, DateTimeOffset? nextUpdate) =>
        (_issuer, _serials, NextUpdate) = (issuer, serials, nextUpdate);

    /// <summary>When the issuer promised the next one; null when it promised nothing. An old list still counts.</summary>
    public DateTimeOffset? NextUpdate { get; }

    /// <summary>Certificates taken back.</summary>
    public int Count => _serials.Count;

    /// <summary>Reads every list of a file, PEM (several) or DER (one).</summary>
    /// <param name="file">Path.</param>
    /// <param name="authorities">Who may have signed them.</param>
    /// <exception cref="CryptographicException">No list, or one that none of the authorities signed.</exception>
    public static IReadOnlyList<RevocationList> Load(string file, X509Certificate2Collection authorities)
    {
        if (new FileInfo(file).Length > BytesMax)
        {
            throw new CryptographicException($"'{file}' is larger than {BytesMax} bytes.");
        }

        var bytes = File.ReadAllBytes(file);
        var lists = new List<RevocationList>();
        if (bytes.AsSpan().IndexOf("-----BEGIN"u8) < 0)
        {
            lists.Add(Parse(bytes, authorities));
        }

        var text = System.Text.Encoding.ASCII.GetString(lists.Count > 0 ? [] : bytes).AsSpan();
        while (PemEncoding.TryFind(text, out var fields))
        {
            if (text[fields.Label].SequenceEqual(Label))
            {
                lists.Add(Parse(Convert.FromBase64String(text[fields.Base64Data].ToString()), authorities));
            }

            text = text[fields.Location.End..];
        }

        return lists.Count > 0 ? lists : throw new CryptographicException($"'{file}' has no '{Label}' in it.");
    }

    /// <summary>True when this list takes the certificate back.</summary>
    public bool Revokes(X509Certificate2 certificate) =>
        certificate.IssuerName.RawData.AsSpan().SequenceEqual(_issuer) && _serials.Contains(SerialOf(certificate));

    private static BigInteger SerialOf(X509Certificate2 certificate) => new(certificate.SerialNumberBytes.Span, isUnsigned: false, isBigEndian: true);

    private static RevocationList Parse(byte[] der, X509Certificate2Collection authorities)
    {
        try
        {
            var whole = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
            var signed = whole.PeekEncodedValue();
            var body = whole.ReadSequence();
            var algorithm = whole.ReadSequence().ReadObjectIdentifier();
            var signature = whole.ReadBitString(out _);
            if (body.PeekTag().HasSameClassAndValue(new Asn1Tag(UniversalTagNumber.Integer)))
            {
                body.ReadInteger();
            }

            body.ReadSequence();
            var issuer = body.ReadEncodedValue().ToArray();
            ReadTime(body);
            DateTimeOffset? next = body.HasData && IsTime(body.PeekTag()) ? ReadTime(body) : null;
            var serials = new HashSet<BigInteger>();
            if (body.HasData && body.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
            {
                var entries = body.ReadSequence();
                while (entries.HasData)
                {
                    serials.Add(entries.ReadSequence().ReadInteger());
                }
            }

            var signer = authorities.FirstOrDefault(a => a.SubjectName.RawData.AsSpan().SequenceEqual(issuer) && IsSignedBy(a, algorithm, signed, signature));
            return signer is not null
                ? new RevocationList(issuer, serials, next)
                : throw new CryptographicException("A revocation list is signed by none of the authorities; give the list of the authority that issues the clients' certificates.");
        }
        catch (AsnContentException exception)
        {
            throw new CryptographicException($"A revocation list cannot be read: {exception.Message}", exception);
        }
    }

    private static bool IsTime(Asn1Tag tag) =>
        tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static bool IsSignedBy(X509Certificate2 authority, string algorithm, ReadOnlyMemory<byte> signed, byte[] signature)
    {
        if (HashOf(algorithm) is not { } hash)
        {
            throw new CryptographicException($"A revocation list is signed with the algorithm {algorithm}; RSA (PKCS #1) and ECDSA with SHA-256, 384 or 512 are known.");
        }

        using var elliptic = authority.GetECDsaPublicKey();
        using var rsa = authority.GetRSAPublicKey();
        return elliptic?.VerifyData(signed.Span, signature, hash, DSASignatureFormat.Rfc3279DerSequence)
            ?? rsa?.VerifyData(signed.Span, signature, hash, RSASignaturePadding.Pkcs1)
            ?? false;
    }

    private static HashAlgorithmName? HashOf(string algorithm) => algorithm switch
    {
        "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        _ => null,
    };
}
