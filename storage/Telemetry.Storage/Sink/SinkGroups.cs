using Telemetry.Contracts;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Sink;

/// <summary>Consumer groups of storage: one for each table fed from a topic of its own.</summary>
public static class SinkGroups
{
    /// <summary>Groups and the topics they read.</summary>
    public static IReadOnlyList<(string Group, string Topic)> Of(SinkOptions options) =>
    [
        (options.Group, LogTopics.Readings),
        .. EventTables.All.Select(t => (new EventStream(t).NameOf(options.Group), t.Topic)),
    ];
}
