using Telemetry.Chaos.Schedules;

namespace Telemetry.Chaos;

/// <summary>What to play.</summary>
internal sealed record ChaosOptions
{
    /// <summary>First seed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Seeds in a row.</summary>
    public int Schedules { get; init; } = 1;

    /// <summary>Length of the faults of each schedule.</summary>
    public TimeSpan Length { get; init; } = ScheduleGenerator.UsualLength;

    /// <summary>Faults of each schedule; null: drawn.</summary>
    public int? Faults { get; init; }

    /// <summary>Kinds to draw from, comma-separated; null: all.</summary>
    public string? Only { get; init; }

    /// <summary>So few that each has more than 256 publishes in a schedule of the usual length: the window of the simulator's ledger.</summary>
    public int Devices { get; init; } = 50;

    /// <summary>Readings of the whole fleet, as <c>simulate --rate</c> takes it.</summary>
    public string Rate { get; init; } = "1000/s";

    public int Edges { get; init; } = 2;

    public int Processes { get; init; } = 2;

    public int Stores { get; init; } = 2;

    public int Brokers { get; init; } = 3;

    /// <summary>Folder for data and logs; null: a temporary one, kept only when a schedule fails.</summary>
    public string? Data { get; init; }

    /// <summary>File for the report in JSON; null: none.</summary>
    public string? Report { get; init; }

    /// <summary>The report on standard output instead of the table.</summary>
    public bool Json { get; init; }

    /// <summary>Prints the schedules and plays nothing.</summary>
    public bool List { get; init; }

    /// <summary>The product's executable: <c>telemetry.dll</c>.</summary>
    public required string Host { get; init; }

    /// <summary>File that every process started is written to, for whoever cleans up after this one was killed; null: in the data folder.</summary>
    public string? Register { get; init; }

    public ClusterShape Shape => new(Edges, Processes, Stores, Brokers);

    /// <summary>The command that plays one seed of these again.</summary>
    public string Replay(int seed)
    {
        var usual = new ChaosOptions { Host = Host };
        var command = $"./telemetry chaos --seed {seed}";
        Add("--length", Length == usual.Length ? null : $"{Length.TotalSeconds:R}s");
        Add("--faults", Faults?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Add("--only", Only);
        Add("--devices", Other(Devices, usual.Devices));
        Add("--rate", Other(Rate, usual.Rate));
        Add("--edges", Other(Edges, usual.Edges));
        Add("--processes", Other(Processes, usual.Processes));
        Add("--stores", Other(Stores, usual.Stores));
        Add("--brokers", Other(Brokers, usual.Brokers));
        return command;

        void Add(string flag, string? value) => command += value is null ? "" : $" {flag} {value}";
        static string? Other<T>(T value, T than) => Equals(value, than) ? null : $"{value}";
    }
}
