using Telemetry.Contracts;
using Telemetry.Host.Configuration;
using Telemetry.Observability.Lag;
using Telemetry.Storage.Sink;

namespace Telemetry.Host.Composition;

/// <summary>Our consumer groups with the topics they read, and the role that owns each.</summary>
internal static class ConsumerGroups
{
    /// <summary>The roles whose groups a process with these roles measures.</summary>
    public static Roles Measured(LagScope scope, Roles roles) => scope switch
    {
        LagScope.Own => roles,
        LagScope.All => Roles.All,
        _ => Roles.None,
    };

    /// <summary>Groups of the given roles.</summary>
    public static IReadOnlyList<LagGroup> Of(TelemetryOptions options, Roles roles)
    {
        var groups = new List<LagGroup>();
        if (roles.HasFlag(Roles.Edge) && options.Bridge.Sparkplug.Enabled)
        {
            groups.Add(new LagGroup(options.Bridge.Sparkplug.Group, LogTopics.Sparkplug, null));
        }

        if (roles.HasFlag(Roles.Process))
        {
            groups.Add(new LagGroup(options.Processing.Group, LogTopics.Readings, LagStage.Processed));
        }

        if (roles.HasFlag(Roles.Alarms))
        {
            groups.Add(new LagGroup(options.Alarms.Group, LogTopics.AlarmInputs, null));
            groups.Add(new LagGroup(options.Alarms.IncidentsGroup, LogTopics.Incidents, null));
        }

        if (roles.HasFlag(Roles.Store))
        {
            groups.AddRange(SinkGroups.Of(options.Sink).Select(g => new LagGroup(
                g.Group, g.Topic, g.Topic == LogTopics.Readings ? LagStage.RolledUp : null)));
        }

        return groups;
    }
}
