using System.IO.Enumeration;

namespace Telemetry.Query.Access;

/// <summary>
/// The devices that somebody sees, as patterns of device ids. In the store it holds for every table by name, so that no statement can forget it; elsewhere
/// <see cref="Sees"/> is asked.
/// </summary>
public sealed class DeviceScope
{
    /// <summary>Tables with a device in their rows, and the views over them: on a server of several shards a table has a local part too.</summary>
    internal static readonly IReadOnlyList<string> Tables =
        ["readings", "readings_1m", "readings_1h", "readings_1d", "readings_last", "anomalies", "device_events", "incidents", "alarms", "catalogue"];

    private readonly IReadOnlyList<string> _patterns;

    private DeviceScope(IReadOnlyList<string> patterns) => _patterns = patterns;

    /// <summary>Every device.</summary>
    public static DeviceScope All { get; } = new([]);

    /// <summary>True: every device.</summary>
    public bool IsAll => _patterns.Count == 0;

    /// <summary>The patterns; none is every device.</summary>
    public IReadOnlyList<string> Patterns => _patterns;

    /// <param name="patterns">Of A-Z a-z 0-9 . _ : - and * for any characters; none for every device.</param>
    /// <exception cref="ArgumentException">A pattern has another character in it.</exception>
    public static DeviceScope Of(IReadOnlyList<string> patterns)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        return patterns.All(p => p.Length > 0 && p.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-' or '*'))
            ? patterns.Count == 0 ? All : new DeviceScope([.. patterns])
            : throw new ArgumentException($"'{string.Join(',', patterns)}' are not patterns of device ids.", nameof(patterns));
    }

    /// <summary>True when the device is one of them.</summary>
    public bool Sees(ReadOnlySpan<char> device)
    {
        foreach (var pattern in _patterns)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, device, ignoreCase: false))
            {
                return true;
            }
        }

        return IsAll;
    }

    /// <summary>What goes behind a statement's SETTINGS; empty for every device. The characters of a pattern leave nothing to quote.</summary>
    internal string EngineSettings()
    {
        if (IsAll)
        {
            return "";
        }

        var expression = string.Join('|', _patterns.Select(p => p.Replace(".", "[.]", StringComparison.Ordinal).Replace("*", ".*", StringComparison.Ordinal)));
        var filter = $"'match(device, ''^({expression})$'')'";
        return ", additional_table_filters={" + string.Join(", ", Tables.Select(t => $"'{t}': {filter}")) + "}";
    }
}
