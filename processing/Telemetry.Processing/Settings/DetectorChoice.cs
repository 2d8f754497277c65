using Telemetry.Processing.Detectors;

namespace Telemetry.Processing.Settings;

/// <summary>A detector chosen by name with its parameters.</summary>
public sealed class DetectorChoice
{
    private readonly Func<IReadOnlyList<ISeriesDetector>> _make;

    /// <exception cref="FormatException">See <see cref="DetectorCatalogue.Choose"/>.</exception>
    public DetectorChoice(string name, IReadOnlyList<KeyValuePair<string, string>> parameters, bool gated = false)
    {
        _make = DetectorCatalogue.Choose(name, parameters, gated);
        (Name, Parameters, IsGated) = (name, parameters, gated);
        var all = parameters.OrderBy(p => p.Key, StringComparer.OrdinalIgnoreCase).Select(p => $"{p.Key}={p.Value}");
        Text = string.Join(':', new[] { (gated ? "gated " : "") + name, string.Join(',', all) }.Where(part => part.Length > 0));
    }

    /// <summary>The detectors of nobody's choice.</summary>
    public static DetectorChoice Default { get; } = new(DetectorCatalogue.Default, []);

    /// <summary>Name in the catalogue.</summary>
    public string Name { get; }

    /// <summary>Parameters given.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters { get; }

    /// <summary>True: behind the gate.</summary>
    public bool IsGated { get; }

    /// <summary>Name and parameters; the same for the same choice.</summary>
    public string Text { get; }

    /// <summary>Makes the detectors.</summary>
    public IReadOnlyList<ISeriesDetector> Make() => _make();

    /// <inheritdoc/>
    public override string ToString() => Text;
}
