using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>
/// Which test proves which statement, read from the built test assemblies without loading them. A test that is skipped for good, or a
/// method that is no test, proves nothing.
/// </summary>
internal static class Proofs
{
    /// <summary>Clause to tests, each as Class.Method.</summary>
    public static ILookup<string, string> Of(params IEnumerable<string> assemblies) =>
        assemblies.SelectMany(Read).Distinct().OrderBy(p => p.Test, StringComparer.Ordinal).ToLookup(p => p.Clause, p => p.Test);

    private static List<(string Clause, string Test)> Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        var found = new List<(string, string)>();
        foreach (var type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
        {
            var ofClass = Clauses(metadata, type.GetCustomAttributes()).ToArray();
            foreach (var method in type.GetMethods().Select(metadata.GetMethodDefinition))
            {
                if (IsTest(metadata, method.GetCustomAttributes()))
                {
                    var test = $"{metadata.GetString(type.Name)}.{metadata.GetString(method.Name)}";
                    found.AddRange(ofClass.Concat(Clauses(metadata, method.GetCustomAttributes())).Select(clause => (clause, test)));
                }
            }
        }

        return found;
    }

    private static bool IsTest(MetadataReader metadata, CustomAttributeHandleCollection attributes) => attributes
        .Select(metadata.GetCustomAttribute)
        .Any(a => NameOf(metadata, a) is "FactAttribute" or "TheoryAttribute" && !IsSkipped(metadata, a));

    /// <summary>A named argument Skip: its name with the length in front.</summary>
    private static bool IsSkipped(MetadataReader metadata, CustomAttribute attribute) =>
        metadata.GetBlobBytes(attribute.Value).AsSpan().IndexOf("\u0004Skip"u8) >= 0;

    private static IEnumerable<string> Clauses(MetadataReader metadata, CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes.Select(metadata.GetCustomAttribute))
        {
            if (NameOf(metadata, attribute) == "SpecAttribute")
            {
                // ECMA-335 II.23.3: a prolog of two bytes, then the only argument.
                var blob = metadata.GetBlobReader(attribute.Value);
                blob.ReadUInt16();
                yield return blob.ReadSerializedString()!;
            }
        }
    }

    private static string NameOf(MetadataReader metadata, CustomAttribute attribute)
    {
        if (attribute.Constructor.Kind != HandleKind.MemberReference)
        {
            return "";
        }

        var parent = metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent;
        return parent.Kind == HandleKind.TypeReference
            ? metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)parent).Name)
            : "";
    }
}
