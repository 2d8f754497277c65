using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Storage.Schema;

/// <summary>One numbered SQL file, embedded in this assembly.</summary>
internal sealed record SchemaMigration(int Number, string Name, string Sql)
{
    /// <summary>SHA-256 of the text, in hex; line ends do not count.</summary>
    public string Checksum { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>The statements, without comments.</summary>
    public IReadOnlyList<string> Statements { get; } = Split(Sql);

    public static IReadOnlyList<SchemaMigration> LoadAll()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string Marker = ".Schema.";
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(n => n.Contains(Marker, StringComparison.Ordinal) && n.EndsWith(".sql", StringComparison.Ordinal))
                .Select(n => Load(assembly, n, n[(n.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)..^".sql".Length]))
                .OrderBy(m => m.Number),
        ];
    }

    private static SchemaMigration Load(Assembly assembly, string resource, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return new SchemaMigration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, reader.ReadToEnd());
    }

    private static string[] Split(string sql)
    {
        var lines = sql.ReplaceLineEndings("\n").Split('\n').Where(l => !l.StartsWith("--", StringComparison.Ordinal));
        return
        [
            .. string.Join('\n', lines)
                .Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(s => s.TrimEnd(';')),
        ];
    }
}
