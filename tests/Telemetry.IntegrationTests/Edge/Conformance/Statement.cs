namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>A normative statement of a specification.</summary>
/// <param name="Id">Its id: MQTT-3.3.1-2 of 5.0, MQTT3-3.3.1-2 of 3.1.1.</param>
/// <param name="Binds">server, client or both.</param>
/// <param name="Text">What it asks for, in our words.</param>
/// <param name="WhyNot">Why no test proves it; empty when one must.</param>
internal sealed record Statement(string Id, string Binds, string Text, string WhyNot)
{
    /// <summary>Chapter and section, such as 3.3.1.</summary>
    public string Section => Id[(Id.IndexOf('-', StringComparison.Ordinal) + 1)..Id.LastIndexOf('-')];

    public int Number => int.Parse(Id[(Id.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>All statements of a version, 5.0 or 3.1.1, in the order of the standard.</summary>
    public static IReadOnlyList<Statement> Read(string version)
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Edge", "Conformance", $"statements-{version}.tsv"));
        return [.. lines.Skip(1).Select(line => line.Split('\t')).Select(f => new Statement(f[0], f[1], f[2], f[3]))];
    }
}
