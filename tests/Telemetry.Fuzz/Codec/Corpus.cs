namespace Telemetry.Fuzz.Codec;

/// <summary>Packets to begin with: one a line in Corpus/codec.txt, in hexadecimal, # before a remark.</summary>
internal static class Corpus
{
    public static IReadOnlyList<byte[]> Read()
    {
        using var stream = typeof(Corpus).Assembly.GetManifestResourceStream("codec.txt")
            ?? throw new InvalidOperationException("The corpus is not in the assembly.");
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n');
        return [.. lines.Select(l => l.Split('#')[0].Replace(" ", "", StringComparison.Ordinal).Trim()).Where(l => l.Length > 0).Select(Convert.FromHexString)];
    }

    /// <summary>One file for each packet, as other fuzzers want them.</summary>
    public static int Export(string directory)
    {
        Directory.CreateDirectory(directory);
        var inputs = Read();
        for (var i = 0; i < inputs.Count; i++)
        {
            File.WriteAllBytes(Path.Combine(directory, $"{i:000}"), inputs[i]);
        }

        return inputs.Count;
    }
}
