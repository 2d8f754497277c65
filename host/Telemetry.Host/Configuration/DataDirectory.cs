namespace Telemetry.Host.Configuration;

/// <summary>What lies where under <c>--data DIR</c>.</summary>
internal sealed record DataDirectory(string Root)
{
    /// <summary>Segments of the journal.</summary>
    public string Journal => Path.Combine(Root, "journal");

    /// <summary>The journal in front of the log.</summary>
    public string Forward => Path.Combine(Root, "forward");

    /// <summary>The embedded engine's own directory.</summary>
    public string ClickHouse => Path.Combine(Root, "clickhouse");

    /// <summary>What the simulator sent and what was acknowledged.</summary>
    public string Ledger => Path.Combine(Root, "ledger");

    /// <summary>Ids and schemas learned from a schema registry.</summary>
    public string Schemas => Path.Combine(Root, "schemas");

    /// <summary>Faults the simulator played.</summary>
    public string Labels => Path.Combine(Root, "labels.jsonl");

    /// <summary>The audit log, where <c>Logging:AuditFile</c> names no other place.</summary>
    public string Audit => Path.Combine(Root, "audit", "audit.json");

    /// <summary>API tokens, where there is no users file beside which they could lie.</summary>
    public string Tokens => Path.Combine(Root, "tokens");

    /// <summary>Address of the running instance, so that other commands find it.</summary>
    public string Instance => Path.Combine(Root, "instance.json");

    /// <summary>What a backup of a running instance is copied from, while it is made.</summary>
    public string Snapshots => Path.Combine(Root, "snapshots");

    /// <summary>Dashboards of the console, a JSON file each.</summary>
    public string Dashboards => Path.Combine(Root, "dashboards");

    /// <summary>Logs of processes that run apart.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>Address of the process that serves ClickHouse over this directory.</summary>
    public string ClickHouseInstance => Path.Combine(Root, "instance-clickhouse.json");

    /// <summary>Makes the folders.</summary>
    /// <exception cref="IOException">Not writable; the message names the folder.</exception>
    public void Create(bool journal = true, bool clickHouse = true)
    {
        try
        {
            Directory.CreateDirectory(Root);
            if (journal)
            {
                Directory.CreateDirectory(Journal);
            }

            if (clickHouse)
            {
                Directory.CreateDirectory(ClickHouse);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Cannot write to the data directory {Root}: {e.Message} Give another with --data DIR.", e);
        }
    }
}
