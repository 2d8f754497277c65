namespace Telemetry.Host.Access;

/// <summary>
/// Every endpoint of every process, and what it needs: the one place that says so. An endpoint that is not here needs an administrator, and a
/// test fails.
/// </summary>
internal static class AccessTable
{
    private static readonly Dictionary<(string Method, string Pattern), AccessEntry> Entries = new List<AccessEntry>
    {
        // Health and metrics, of every process.
        new("GET", "/healthz", Need.Anyone),
        new("GET", "/readyz", Need.Anyone),
        new("*", "/metrics", Need.Metrics),

        // The door itself.
        new("GET", "/signin", Need.Anyone),
        new("POST", "/signin", Need.Anyone),
        new("GET", "/signin.css", Need.Anyone),
        new("GET", "/signin/openid", Need.Anyone),
        new("POST", "/signout", Need.Viewer),
        new("GET", "/api/v1/session", Need.Viewer),
        new("GET", "/api/v1/tokens", Need.Viewer),
        new("POST", "/api/v1/tokens", Need.Viewer),
        new("DELETE", "/api/v1/tokens/{id}", Need.Viewer),
        new("GET", "/api/v1/users", Need.Administrator),
        new("GET", "/api/v1/audit", Need.Administrator),
        new("DELETE", "/api/v1/devices/{device}", Need.Administrator) { NeedsAllDevices = true },
        new("POST", "/api/v1/snapshot", Need.Administrator) { NeedsAllDevices = true },
        new("DELETE", "/api/v1/snapshot", Need.Administrator) { NeedsAllDevices = true },

        // What is read.
        new("GET", "/api/v1/devices", Need.Viewer),
        new("GET", "/api/v1/devices/{device}", Need.Viewer),
        new("GET", "/api/v1/devices/{device}/sensors", Need.Viewer),
        new("GET", "/api/v1/sensors", Need.Viewer),
        new("GET", "/api/v1/latest", Need.Viewer),
        new("GET", "/api/v1/series", Need.Viewer),
        new("GET", "/api/v1/sensors/{sensor}/series", Need.Viewer),
        new("POST", "/api/v1/query", Need.Viewer) { IsQuestion = true },
        new("GET", "/api/v1/anomalies", Need.Viewer),
        new("GET", "/api/v1/device-events", Need.Viewer),
        new("GET", "/api/v1/incidents", Need.Viewer),
        new("GET", "/api/v1/statistics", Need.Viewer),
        new("POST", "/api/v1/statistics", Need.Viewer) { IsQuestion = true },
        new("GET", "/api/v1/export", Need.Viewer),
        new("GET", "/api/v1/alarms", Need.Viewer),
        new("GET", "/api/v1/alarms/{id}", Need.Viewer),
        new("GET", "/api/v1/alarms/history", Need.Viewer),
        new("GET", "/api/v1/alarms/stats", Need.Viewer),
        new("GET", "/api/v1/alarms/rules", Need.Viewer),
        new("GET", "/api/v1/alarms/live", Need.Viewer) { IsStream = true },
        new("GET", "/api/v1/detectors", Need.Viewer),
        new("GET", "/api/v1/detectors/history", Need.Viewer),
        new("GET", "/api/v1/devices/{device}/sensors/{sensor}/detectors", Need.Viewer),
        new("GET", "/api/v1/catalogue/devices", Need.Viewer),
        new("GET", "/api/v1/catalogue/devices/{device}", Need.Viewer),
        new("GET", "/api/v1/catalogue/devices/{device}/sensors", Need.Viewer),
        new("GET", "/api/v1/catalogue/devices/{device}/sensors/{sensor}", Need.Viewer),
        new("GET", "/api/v1/catalogue/patterns", Need.Viewer),
        new("GET", "/api/v1/catalogue/places", Need.Viewer),
        new("GET", "/api/v1/catalogue/export", Need.Viewer),
        new("GET", "/api/v1/catalogue/history", Need.Viewer),
        new("GET", "/api/v1/dashboards", Need.Viewer),
        new("GET", "/api/v1/dashboards/{name}", Need.Viewer),
        new("GET", "/api/v1/pipeline", Need.Viewer),
        new("GET", "/api/v1/live", Need.Viewer) { IsStream = true },
        new("GET", "/api/v1/devices/{device}/commands", Need.Viewer),
        new("GET", "/api/v1/devices/{device}/commands/{id}", Need.Viewer),

        new("GET", "/api/v1/lag", Need.Viewer),
        new("GET", "/api/v1/store/size", Need.Viewer),
        new("GET", "/api/v1/store/plan", Need.Viewer),
        new("GET", "/api/v1/topics", Need.Viewer),
        new("GET", "/api/v1/store/horizon", Need.Viewer),
        new("GET", "/api/v1/dead-letters", Need.Operator) { NeedsAllDevices = true },
        new("GET", "/api/v1/dead-letters/{id}", Need.Operator) { NeedsAllDevices = true },

        // What is done.
        new("POST", "/api/v1/devices/{device}/commands", Need.Operator),
        new("POST", "/api/v1/alarms/{id}/{action}", Need.Operator),
        new("PUT", "/api/v1/alarms/rules", Need.Engineer) { NeedsAllDevices = true },
        new("POST", "/api/v1/alarms/rules/check", Need.Engineer),
        new("PUT", "/api/v1/detectors", Need.Engineer) { NeedsAllDevices = true },
        new("POST", "/api/v1/detectors/check", Need.Engineer),
        new("POST", "/api/v1/devices/{device}/sensors/{sensor}/backtest", Need.Engineer),
        new("POST", "/api/v1/dead-letters/{id}/replay", Need.Engineer) { NeedsAllDevices = true },
        new("POST", "/api/v1/backtests", Need.Engineer) { NeedsAllDevices = true },
        new("POST", "/api/v1/sql", Need.Engineer) { NeedsAllDevices = true },
        new("POST", "/api/v1/audits", Need.Administrator),
        new("POST", "/api/v1/replays", Need.Administrator),
        new("PUT", "/api/v1/catalogue/devices/{device}", Need.Engineer),
        new("DELETE", "/api/v1/catalogue/devices/{device}", Need.Engineer),
        new("PUT", "/api/v1/catalogue/devices/{device}/sensors/{sensor}", Need.Engineer),
        new("DELETE", "/api/v1/catalogue/devices/{device}/sensors/{sensor}", Need.Engineer),
        new("PUT", "/api/v1/catalogue/patterns/{pattern}", Need.Engineer) { NeedsAllDevices = true },
        new("DELETE", "/api/v1/catalogue/patterns/{pattern}", Need.Engineer) { NeedsAllDevices = true },
        new("POST", "/api/v1/catalogue/import", Need.Engineer) { NeedsAllDevices = true },
        new("POST", "/api/v1/catalogue/check", Need.Engineer) { NeedsAllDevices = true },

        // The console, the description of the API, and what is nowhere.
        new("GET", "/{**file}", Need.Viewer),
        new("GET", "/openapi/{documentName}.json", Need.Viewer),
        new("*", "/api/{**path}", Need.Viewer),

        // gRPC of the alarms role. It knows no device groups, so it is for who sees all devices.
        new("POST", "/telemetry.stream.v1.TelemetryStream/WatchAlarms", Need.Viewer) { IsStream = true, NeedsAllDevices = true },
        new("POST", "/telemetry.stream.v1.TelemetryStream/WatchIncidents", Need.Viewer) { IsStream = true, NeedsAllDevices = true },
        new("POST", "/telemetry.stream.v1.TelemetryStream/WatchReadings", Need.Viewer) { IsStream = true, NeedsAllDevices = true },
        new("*", "/telemetry.stream.v1.TelemetryStream/{unimplementedMethod:grpcunimplemented}", Need.Viewer),
        new("POST", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Need.Viewer) { IsStream = true },
        new("*", "/grpc.reflection.v1alpha.ServerReflection/{unimplementedMethod:grpcunimplemented}", Need.Viewer),
        new("POST", "/grpc.health.v1.Health/Check", Need.Anyone),
        new("POST", "/grpc.health.v1.Health/Watch", Need.Anyone),
        new("*", "/grpc.health.v1.Health/{unimplementedMethod:grpcunimplemented}", Need.Viewer),
        new("*", "/{unimplementedService}/{unimplementedMethod:grpcunimplemented}", Need.Viewer),

        // MQTT over WebSocket.
        new("*", "/mqtt", Need.Broker),
    }.ToDictionary(e => (e.Method, e.Pattern));

    /// <summary>All entries.</summary>
    public static IReadOnlyCollection<AccessEntry> All => Entries.Values;

    /// <summary>The entry of an endpoint; null when it is not listed.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="pattern">Route pattern, with its slash in front.</param>
    public static AccessEntry? Find(string method, string pattern) =>
        Entries.GetValueOrDefault((method, pattern)) ?? Entries.GetValueOrDefault(("*", pattern));

    /// <summary>The entry of a request that the router has found an endpoint for.</summary>
    public static AccessEntry Of(string method, Endpoint? endpoint)
    {
        var pattern = PatternOf(endpoint);
        return pattern is null
            ? new AccessEntry(method, "", Need.Viewer)
            : Find(method, pattern) ?? new AccessEntry(method, pattern, Need.Administrator);
    }

    /// <summary>The pattern of an endpoint as it stands in the table; null for none.</summary>
    public static string? PatternOf(Endpoint? endpoint) =>
        (endpoint as RouteEndpoint)?.RoutePattern.RawText is { } text ? "/" + text.TrimStart('/') : null;
}

/// <summary>An endpoint and what it needs.</summary>
/// <param name="Method">HTTP method; * for all.</param>
/// <param name="Pattern">Route pattern.</param>
/// <param name="Need">What it needs of who calls it.</param>
internal sealed record AccessEntry(string Method, string Pattern, Need Need)
{
    /// <summary>It stays open; it ends when who opened it may not any more.</summary>
    public bool IsStream { get; init; }

    /// <summary>It changes nothing, though its method is POST: what is asked is too long for an address. It is no act for the audit log.</summary>
    public bool IsQuestion { get; init; }

    /// <summary>It is for those who see all devices: it cannot be limited to some.</summary>
    public bool NeedsAllDevices { get; init; }
}
