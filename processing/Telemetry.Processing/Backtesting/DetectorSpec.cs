using System.Globalization;
using System.Reflection;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;

namespace Telemetry.Processing.Backtesting;

/// <summary>
/// Detectors written as text, for the command line: <c>default</c>, or a name with parameters as in
/// <c>iid-spike:Confidence=99.5,PvalueHistoryLength=60</c>. Names: iid-spike, iid-change-point, ssa-spike, ssa-change-point; parameters
/// are the properties of the options of the same name.
/// </summary>
public static class DetectorSpec
{
    private const string Names = "default, iid-spike, iid-change-point, ssa-spike or ssa-change-point";

    /// <summary>Parses a text and makes sure that its detectors can be made.</summary>
    /// <param name="text">The text.</param>
    /// <param name="gated">True: behind the gate of the defaults, which holds back what is not strange over a longer time.</param>
    /// <exception cref="FormatException">No such detector or parameter, or a value out of range; the message names it and what there is.</exception>
    public static Func<IReadOnlyList<ISeriesDetector>> Parse(string text, bool gated)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? text : text[..colon];
        var parameters = colon < 0 ? "" : text[(colon + 1)..];
        if (name == "default")
        {
            return parameters.Length == 0
                ? static () => DetectorDefaults.Create()
                : throw new FormatException("'default' takes no parameters; name a detector to change them: " + Names + ".");
        }

        Func<ISeriesDetector> make = name switch
        {
            "iid-spike" => Maker(new IidSpikeOptions(), parameters, SeriesDetectors.Create),
            "iid-change-point" => Maker(new IidChangePointOptions(), parameters, SeriesDetectors.Create),
            "ssa-spike" => Maker(new SsaSpikeOptions(), parameters, SeriesDetectors.Create),
            "ssa-change-point" => Maker(new SsaChangePointOptions(), parameters, SeriesDetectors.Create),
            _ => throw new FormatException($"'{name}' is no detector. Give {Names}."),
        };
        try
        {
            make();
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"{text}: {error.Message}", error);
        }

        if (!gated)
        {
            return () => [make()];
        }

        var gate = name.EndsWith("spike", StringComparison.Ordinal) ? DetectorDefaults.SpikeGate : DetectorDefaults.ChangePointGate;
        return () => [new GatedDetector(make(), new AlertGate(gate))];
    }

    private static Func<ISeriesDetector> Maker<TOptions>(TOptions options, string parameters, Func<TOptions, ISeriesDetector> create)
        where TOptions : class
    {
        foreach (var pair in parameters.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var split = pair.Split('=', 2);
            var property = typeof(TOptions).GetProperty(split[0], BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null || !property.CanWrite || split.Length != 2)
            {
                var known = string.Join(", ", typeof(TOptions).GetProperties().Where(p => p.CanWrite).Select(p => p.Name));
                throw new FormatException($"'{pair}' is no parameter as NAME=VALUE. There are: {known}.");
            }

            property.SetValue(options, Convert(property, split[1]));
        }

        return () => create(options);
    }

    private static object Convert(PropertyInfo property, string text)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            return type.IsEnum ? Enum.Parse(type, text, ignoreCase: true) : System.Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is FormatException or ArgumentException or OverflowException or InvalidCastException)
        {
            var values = type.IsEnum ? " Give " + string.Join(", ", Enum.GetNames(type)) + "." : "";
            throw new FormatException($"'{text}' is no {type.Name} for {property.Name}.{values}", error);
        }
    }
}
