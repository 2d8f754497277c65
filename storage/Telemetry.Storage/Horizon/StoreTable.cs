namespace Telemetry.Storage.Horizon;

/// <summary>Tables that hold readings or events by time.</summary>
public enum StoreTable
{
    /// <summary><c>readings</c>.</summary>
    Raw,

    /// <summary><c>readings_1m</c>.</summary>
    Minute,

    /// <summary><c>readings_1h</c>.</summary>
    Hour,

    /// <summary><c>readings_1d</c>.</summary>
    Day,

    /// <summary><c>anomalies</c>.</summary>
    Anomalies,

    /// <summary><c>device_events</c>.</summary>
    DeviceEvents,

    /// <summary><c>incidents</c>.</summary>
    Incidents,

    /// <summary><c>alarms</c>.</summary>
    Alarms,
}

/// <summary>Names of the tables in the store.</summary>
public static class StoreTables
{
    /// <summary>All tables, finest readings first.</summary>
    public static IReadOnlyList<StoreTable> All { get; } = Enum.GetValues<StoreTable>();

    /// <summary>The table's name, without <c>_data</c>.</summary>
    public static string Name(this StoreTable table) => table switch
    {
        StoreTable.Raw => "readings",
        StoreTable.Minute => "readings_1m",
        StoreTable.Hour => "readings_1h",
        StoreTable.Day => "readings_1d",
        StoreTable.Anomalies => "anomalies",
        StoreTable.DeviceEvents => "device_events",
        StoreTable.Incidents => "incidents",
        _ => "alarms",
    };

    /// <summary>The table of that name; null for any other, such as <c>readings_last</c>, which holds no history.</summary>
    public static StoreTable? Find(string name)
    {
        foreach (var table in All)
        {
            if (table.Name() == name)
            {
                return table;
            }
        }

        return null;
    }
}
