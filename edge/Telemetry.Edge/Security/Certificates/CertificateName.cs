using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Telemetry.Edge.Security.Certificates;

/// <summary>
/// The name of a device in its certificate, by a template: <c>{cn}</c>, <c>{ou}</c>, <c>{o}</c>, <c>{serialNumber}</c> from the subject,
/// <c>{dns}</c>, <c>{uri}</c>, <c>{email}</c> from the subject alternative names, with text around them. <c>{uri:spiffe://plant/device/}</c> takes
/// the first that begins so, and what follows.
/// </summary>
internal sealed partial class CertificateName
{
    private const string AlternativeNames = "2.5.29.17";

    private static readonly Dictionary<string, string> SubjectParts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cn"] = "2.5.4.3", ["serialNumber"] = "2.5.4.5", ["o"] = "2.5.4.10", ["ou"] = "2.5.4.11",
    };

    /// <summary>Tags of GeneralName, RFC 5280 section 4.2.1.6.</summary>
    private static readonly Dictionary<string, int> AlternativeParts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["email"] = 1, ["dns"] = 2, ["uri"] = 6,
    };

    private readonly string _template;

    /// <exception cref="EdgeConfigurationException">The template names no part, or one that there is not.</exception>
    public CertificateName(string template)
    {
        _template = template;
        var parts = Part().Matches(template);
        foreach (Match part in parts)
        {
            var name = part.Groups["name"].Value;
            if (!SubjectParts.ContainsKey(name) && !AlternativeParts.ContainsKey(name))
            {
                throw new EdgeConfigurationException(
                    $"Tls.Identity '{template}': there is no {{{name}}}; known are {string.Join(", ", SubjectParts.Keys.Concat(AlternativeParts.Keys).Select(k => $"{{{k}}}"))}.");
            }
        }

        if (parts.Count == 0)
        {
            throw new EdgeConfigurationException($"Tls.Identity '{template}' takes nothing from the certificate, so all devices would be one; give for example {{cn}}.");
        }
    }

    /// <summary>The name; null when the certificate lacks a part of it.</summary>
    public string? Of(X509Certificate2 certificate)
    {
        var isWhole = true;
        var name = Part().Replace(_template, part =>
        {
            var value = Value(certificate, part.Groups["name"].Value, part.Groups["prefix"].Value);
            isWhole &= value is { Length: > 0 };
            return value ?? "";
        });
        return isWhole ? name : null;
    }

    [GeneratedRegex(@"\{(?<name>[A-Za-z]+)(:(?<prefix>[^}]*))?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Part();

    private static string? Value(X509Certificate2 certificate, string name, string prefix)
    {
        var values = SubjectParts.TryGetValue(name, out var oid) ? Subject(certificate, oid) : Alternatives(certificate, AlternativeParts[name]);
        return values.FirstOrDefault(v => v.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];
    }

    private static IEnumerable<string> Subject(X509Certificate2 certificate, string oid) => certificate.SubjectName
        .EnumerateRelativeDistinguishedNames()
        .Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == oid)
        .Select(part => part.GetSingleElementValue() ?? "");

    private static List<string> Alternatives(X509Certificate2 certificate, int tag)
    {
        var found = new List<string>();
        foreach (var extension in certificate.Extensions)
        {
            if (extension.Oid?.Value != AlternativeNames)
            {
                continue;
            }

            var names = new System.Formats.Asn1.AsnReader(extension.RawData, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
            while (names.HasData)
            {
                var of = names.PeekTag();
                var content = names.ReadEncodedValue();
                if (of.TagClass == System.Formats.Asn1.TagClass.ContextSpecific && of.TagValue == tag)
                {
                    System.Formats.Asn1.AsnDecoder.ReadEncodedValue(
                        content.Span, System.Formats.Asn1.AsnEncodingRules.DER, out var offset, out var length, out _);
                    found.Add(Encoding.ASCII.GetString(content.Span.Slice(offset, length)));
                }
            }
        }

        return found;
    }
}
