using System.Globalization;
using System.Reflection;
using Telemetry.Contracts.Text;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Processing.Detectors.Typed;

namespace Telemetry.Processing.Settings;

/// <summary>A parameter of a detector, for people.</summary>
/// <param name="Name">Name.</param>
/// <param name="Default">Default, as text.</param>
public sealed record DetectorParameter(string Name, string Default);

/// <summary>
/// The detectors that can be chosen by name: <c>default</c>, the typed set it is made of with other settings, and ML.NET's four with ML.NET's
/// parameter names (case does not count).
/// </summary>
public static class DetectorCatalogue
{
    /// <summary>The set that runs where nothing else is chosen.</summary>
    public const string Default = "default";

    private static readonly Entry[] Entries =
    [
        new("typed", typeof(TypedOptions), static o => new TypedDetector((TypedOptions)o), null),
        new("iid-spike", typeof(IidSpikeOptions), static o => SeriesDetectors.Create((IidSpikeOptions)o), DetectorDefaults.SpikeGate),
        new("iid-change-point", typeof(IidChangePointOptions), static o => SeriesDetectors.Create((IidChangePointOptions)o), DetectorDefaults.ChangePointGate),
        new("ssa-spike", typeof(SsaSpikeOptions), static o => SeriesDetectors.Create((SsaSpikeOptions)o), DetectorDefaults.SpikeGate),
        new("ssa-change-point", typeof(SsaChangePointOptions), static o => SeriesDetectors.Create((SsaChangePointOptions)o), DetectorDefaults.ChangePointGate),
    ];

    /// <summary>Every name.</summary>
    public static IReadOnlyList<string> Names { get; } = [Default, .. Entries.Select(e => e.Name)];

    /// <summary>Parameters of a detector with their defaults; empty for <see cref="Default"/>.</summary>
    public static IReadOnlyList<DetectorParameter> ParametersOf(string name)
    {
        if (name == Default)
        {
            return [];
        }

        var options = Activator.CreateInstance(Find(name).Options)!;
        return [.. Writable(options.GetType()).Select(p => new DetectorParameter(
            p.Name, Convert.ToString(p.GetValue(options), CultureInfo.InvariantCulture) ?? ""))];
    }

    /// <summary>True for a detector that a gate can hold back; the others have no need of one.</summary>
    public static bool HasGate(string name) => name != Default && Find(name).Gate is not null;

    /// <summary>Makes the maker of a detector, and makes sure that it works.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Name and value as text; those not given have ML.NET's defaults.</param>
    /// <param name="gated">True: behind the gate that holds back what is not strange over a longer time.</param>
    /// <exception cref="FormatException">No such detector or parameter, or a value out of range; the message names it and what there is.</exception>
    public static Func<IReadOnlyList<ISeriesDetector>> Choose(
        string name, IReadOnlyList<KeyValuePair<string, string>> parameters, bool gated)
    {
        if (name == Default)
        {
            return parameters.Count == 0
                ? static () => [new TypedDetector(new TypedOptions())]
                : throw new FormatException($"'{Default}' takes no parameters; name a detector to change them: {string.Join(", ", Names)}.");
        }

        var entry = Find(name);
        var options = Activator.CreateInstance(entry.Options)!;
        foreach (var (parameter, value) in parameters)
        {
            Set(options, parameter, value);
        }

        try
        {
            entry.Create(options);
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"{name}: {error.Message}", error);
        }

        if (gated && entry.Gate is null)
        {
            throw new FormatException($"{name} has no gate: it knows by itself what is strange over a longer time.");
        }

        return gated
            ? () => [new GatedDetector(entry.Create(options), new AlertGate(entry.Gate!))]
            : () => [entry.Create(options)];
    }

    private static Entry Find(string name) => Array.Find(Entries, e => e.Name == name)
        ?? throw new FormatException($"'{name}' is not a detector. Give {string.Join(", ", Names)}.");

    private static IEnumerable<PropertyInfo> Writable(Type type) => type.GetProperties().Where(p => p.CanWrite);

    private static void Set(object options, string name, string value)
    {
        var property = options.GetType().GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
        if (property is null || !property.CanWrite)
        {
            throw new FormatException($"'{name}' is not a parameter. There are: {string.Join(", ", Writable(options.GetType()).Select(p => p.Name))}.");
        }

        property.SetValue(options, Parse(property, value));
    }

    private static object Parse(PropertyInfo property, string text)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            return type == typeof(TimeSpan) ? DurationText.Parse(text)
                : type.IsEnum ? ParseEnum(type, text)
                : Convert.ChangeType(text, type, CultureInfo.InvariantCulture);
        }
        catch (Exception error) when (error is FormatException or ArgumentException or OverflowException or InvalidCastException)
        {
            var values = type.IsEnum ? " Give " + string.Join(", ", Enum.GetNames(type)) + "." : "";
            throw new FormatException($"'{text}' is no {type.Name} for {property.Name}.{values}", error);
        }
    }

    /// <summary>By name; a number would be taken for any member, and is refused.</summary>
    private static object ParseEnum(Type type, string text) =>
        Enum.GetNames(type).FirstOrDefault(n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name
            ? Enum.Parse(type, name)
            : throw new FormatException();

    private sealed record Entry(string Name, Type Options, Func<object, ISeriesDetector> Create, AlertGateOptions? Gate);
}
