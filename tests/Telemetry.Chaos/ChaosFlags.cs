using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Telemetry.Chaos;

/// <summary>Flags and what they mean.</summary>
internal sealed class ChaosFlags
{
    private static readonly ChaosOptions Usual = new() { Host = "" };

    private readonly Option<int> _schedules = Number("--schedules", 1, "Seeds in a row.", Usual.Schedules);
    private readonly Option<int> _seed = Number("--seed", 0, "First seed: same seed, same faults.", Usual.Seed);
    private readonly Option<string> _length = new("--length") { Description = "Length of the faults of each schedule (default 25s)." };
    private readonly Option<int?> _faults = new("--faults") { Description = "Faults of each schedule (default: drawn, 4 to 7 in 25 s)." };
    private readonly Option<string?> _only = new("--only") { Description = "Kinds to draw from: kill-store,pause,... (default all; --list shows names)." };
    private readonly Option<int> _devices = Number("--devices", 1, "Devices of the fleet.", Usual.Devices);
    private readonly Option<string> _rate = new("--rate") { Description = "Readings of the whole fleet.", DefaultValueFactory = _ => Usual.Rate };
    private readonly Option<int> _edges = Number("--edges", 1, "Edges, behind one address.", Usual.Edges);
    private readonly Option<int> _processes = Number("--processes", 1, "Instances of processing.", Usual.Processes);
    private readonly Option<int> _stores = Number("--stores", 1, "Instances of storage.", Usual.Stores);
    private readonly Option<int> _brokers = new("--brokers") { Description = "Kafka brokers: 1 or 3.", DefaultValueFactory = _ => Usual.Brokers };
    private readonly Option<string?> _data = new("--data") { Description = "Folder for data and logs (default: a temporary one)." };
    private readonly Option<string?> _report = new("--report") { Description = "File for the report (JSON)." };
    private readonly Option<bool> _json = new("--json") { Description = "The report on standard output." };
    private readonly Option<bool> _list = new("--list") { Description = "Prints the schedules and plays nothing." };
    private readonly Option<string> _host = new("--host") { Description = "The product's telemetry.dll.", Required = true };
    private readonly Option<string?> _register = new("--register") { Description = "File that every process started is written to." };

    public void AddTo(RootCommand command)
    {
        _brokers.AcceptOnlyFromAmong("1", "3");
        Option[] all =
        [
            _schedules, _seed, _length, _faults, _only, _devices, _rate, _edges, _processes, _stores, _brokers, _data, _report,
            _json, _list, _host, _register,
        ];
        foreach (var option in all)
        {
            command.Options.Add(option);
        }
    }

    public ChaosOptions Read(ParseResult result) => new()
    {
        Schedules = result.GetValue(_schedules),
        Seed = result.GetValue(_seed),
        Length = result.GetValue(_length) is { } length ? Seconds(length) : Usual.Length,
        Faults = result.GetValue(_faults),
        Only = result.GetValue(_only),
        Devices = result.GetValue(_devices),
        Rate = result.GetValue(_rate)!,
        Edges = result.GetValue(_edges),
        Processes = result.GetValue(_processes),
        Stores = result.GetValue(_stores),
        Brokers = result.GetValue(_brokers),
        Data = result.GetValue(_data),
        Report = result.GetValue(_report),
        Json = result.GetValue(_json),
        List = result.GetValue(_list),
        Host = result.GetValue(_host)!,
        Register = result.GetValue(_register),
    };

    /// <exception cref="FormatException">Not seconds such as 25s.</exception>
    private static TimeSpan Seconds(string text) =>
        double.TryParse(text.TrimEnd('s'), CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"--length {text}: give seconds, for example 25s.");

    private static Option<int> Number(string name, int least, string description, int usual)
    {
        var option = new Option<int>(name)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description} (default {usual})"),
            DefaultValueFactory = _ => usual,
        };
        option.Validators.Add(r => Check(r, least));
        return option;
    }

    private static void Check(OptionResult result, int least)
    {
        if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < least)
        {
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{result.Option.Name} must be {least} at least."));
        }
    }
}
