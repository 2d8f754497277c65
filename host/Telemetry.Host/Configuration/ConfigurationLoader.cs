namespace Telemetry.Host.Configuration;

/// <summary>Puts the sources of settings together, in their order, and reads them.</summary>
internal static class ConfigurationLoader
{
    private const string EnvironmentPrefix = "TELEMETRY__";

    /// <summary>Environment variables of the launcher and the tests that begin like settings but are none.</summary>
    private static readonly string[] NoSettings = ["CONFIGURATION"];

    /// <param name="file">File given with <c>--config</c>; null: none.</param>
    /// <param name="flags">Settings from the command line, key and value; they win.</param>
    /// <exception cref="ConfigurationException">Something cannot be used; the message names all of it.</exception>
    public static TelemetryOptions Load(string? file, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        if (file is not null && !File.Exists(file))
        {
            throw new ConfigurationException(
                [new ConfigurationError("--config", file, "there is no such file.", "command line")]);
        }

        var overrides = flags.ToList();
        var first = Build(file, overrides, []);
        var data = new DataDirectory(Path.GetFullPath(first["Data"] ?? "data"));
        var console = FindConsole();
        var derived = new Dictionary<string, string?>
        {
            ["Data"] = data.Root,
            ["Journal:Directory"] = data.Journal,
            ["Log:StoreAndForward:Directory"] = data.Forward,
            ["ClickHouse:DataDirectory"] = data.ClickHouse,
            ["SchemaRegistry:CacheDirectory"] = data.Schemas,
            ["Simulator:LedgerDirectory"] = data.Ledger,
            ["Query:DashboardsFolder"] = data.Dashboards,
            ["Simulator:LabelsFile"] = data.Labels,
            ["Logging:AuditFile"] = data.Audit,
        };
        if (console is not null)
        {
            derived["Query:ConsoleFolder"] = console;
        }

        var options = new OptionsReader(Build(file, overrides, derived)).Read<TelemetryOptions>(NoSettings);
        return options with { Data = data.Root };
    }

    private static IConfigurationRoot Build(
        string? file, List<KeyValuePair<string, string?>> flags, Dictionary<string, string?> derived)
    {
        var builder = new ConfigurationBuilder()
            .AddInMemoryCollection(derived)
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true);
        if (file is not null)
        {
            builder.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        return builder.AddEnvironmentVariables(EnvironmentPrefix).AddInMemoryCollection(flags).Build();
    }

    /// <summary>The console as built in a checkout, or as laid beside the executable.</summary>
    private static string? FindConsole()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "console");
        if (File.Exists(Path.Combine(beside, "index.html")))
        {
            return beside;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var built = Path.Combine(folder.FullName, "storage", "console", "dist");
            if (File.Exists(Path.Combine(built, "index.html")))
            {
                return built;
            }
        }

        return null;
    }
}
