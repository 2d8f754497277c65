using Telemetry.Processing.Detectors;
using Telemetry.Processing.Settings;

namespace Telemetry.Processing.Backtesting;

/// <summary>
/// Detectors written as text, for the command line: <c>default</c>, or a name with parameters as in
/// <c>iid-spike:Confidence=99.5,PvalueHistoryLength=60</c>. Names and parameters: <see cref="DetectorCatalogue"/>.
/// </summary>
public static class DetectorSpec
{
    /// <summary>Parses a text and makes sure that its detectors can be made.</summary>
    /// <param name="text">The text.</param>
    /// <param name="gated">True: behind the gate, which holds back what is not strange over a longer time.</param>
    /// <exception cref="FormatException">No such detector or parameter, or a value out of range; the message names it and what there is.</exception>
    public static DetectorChoice ParseChoice(string text, bool gated)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        var parameters = new List<KeyValuePair<string, string>>();
        foreach (var pair in (colon < 0 ? "" : text[(colon + 1)..]).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var split = pair.Split('=', 2);
            parameters.Add(split.Length == 2
                ? KeyValuePair.Create(split[0], split[1])
                : throw new FormatException(
                    $"'{pair}' is not a parameter as NAME=VALUE. There are: {string.Join(", ", DetectorCatalogue.ParametersOf(name).Select(p => p.Name))}."));
        }

        return new DetectorChoice(name, parameters, gated && DetectorCatalogue.HasGate(name));
    }

    /// <summary>As <see cref="ParseChoice"/>, the detectors themselves.</summary>
    public static Func<IReadOnlyList<ISeriesDetector>> Parse(string text, bool gated) => ParseChoice(text, gated).Make;
}
