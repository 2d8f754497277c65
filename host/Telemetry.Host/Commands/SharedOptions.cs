using System.CommandLine;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>Flags that every command understands, and their way into the settings.</summary>
internal sealed class SharedOptions
{
    private readonly Option<string?> _config = new("--config") { Description = "Settings file (JSON); wins over appsettings.json." };

    private readonly Option<string[]> _set = new("--set")
    {
        Description = "Any setting: --set Section:Name=value (repeatable); wins over files and environment.",
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string?> _data = new("--data") { Description = "Folder for log, store and ledger (default: data)." };

    private readonly Option<LogFormat?> _logFormat = new("--log-format") { Description = "Text for people or Json, one object a line." };

    private readonly Option<LogVerbosity?> _logLevel = new("--log-level") { Description = "Lowest level logged (default: Information)." };

    private readonly List<(Option Option, Func<ParseResult, IEnumerable<KeyValuePair<string, string?>>> Read)> _mapped = [];

    /// <summary>The flags that are the same everywhere.</summary>
    public static IReadOnlyList<Option> All
    {
        get
        {
            var options = new SharedOptions();
            return [options._config, options._data, options._set, options._logFormat, options._logLevel];
        }
    }

    /// <summary>Puts the shared flags on a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_config);
        command.Options.Add(_data);
        command.Options.Add(_set);
        command.Options.Add(_logFormat);
        command.Options.Add(_logLevel);
        foreach (var (option, _) in _mapped)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>A flag that is another name of a setting.</summary>
    public Option<string?> Map(string flag, string key, string description, Func<string, string>? convert = null)
    {
        var option = new Option<string?>(flag) { Description = description };
        _mapped.Add((option, result => result.GetValue(option) is { } value
            ? [new(key, convert is null ? value : convert(value))]
            : []));
        return option;
    }

    /// <summary>The flag that serves the embedded engine to other processes.</summary>
    public void MapClickHouseHttp() => Map(
        "--clickhouse-http", "ClickHouseServer:Port", "Port of ClickHouse's HTTP interface over the embedded engine (0: a free one).");

    /// <summary>Reads and checks all settings.</summary>
    /// <exception cref="ConfigurationException">Something cannot be used.</exception>
    public TelemetryOptions Load(ParseResult result) => ConfigurationLoader.Load(result.GetValue(_config), ReadFlags(result));

    /// <summary>The same settings as arguments of a child process; flags of its own behind them win.</summary>
    public IReadOnlyList<string> Forward(ParseResult result)
    {
        var arguments = new List<string>();
        if (result.GetValue(_config) is { } file)
        {
            arguments.AddRange(["--config", Path.GetFullPath(file)]);
        }

        foreach (var (key, value) in ReadFlags(result))
        {
            arguments.AddRange(["--set", $"{key}={value}"]);
        }

        return arguments;
    }

    private List<KeyValuePair<string, string?>> ReadFlags(ParseResult result)
    {
        var flags = new List<KeyValuePair<string, string?>>();
        Add(flags, "Data", result.GetValue(_data));
        Add(flags, "Logging:Format", result.GetValue(_logFormat)?.ToString());
        Add(flags, "Logging:Level", result.GetValue(_logLevel)?.ToString());
        foreach (var (_, read) in _mapped)
        {
            flags.AddRange(read(result));
        }

        foreach (var pair in result.GetValue(_set) ?? [])
        {
            var split = pair.IndexOf('=', StringComparison.Ordinal);
            if (split <= 0)
            {
                throw new ConfigurationException(
                    [new ConfigurationError("--set", pair, "give it as Section:Name=value.", "command line")]);
            }

            Add(flags, pair[..split], pair[(split + 1)..]);
        }

        // The last of a name wins: a child process gets its own settings behind those of all.
        return [.. flags.GroupBy(f => f.Key, StringComparer.OrdinalIgnoreCase).Select(g => g.Last())];
    }

    private static void Add(List<KeyValuePair<string, string?>> flags, string key, string? value)
    {
        if (value is not null)
        {
            flags.Add(new(key, value));
        }
    }
}
