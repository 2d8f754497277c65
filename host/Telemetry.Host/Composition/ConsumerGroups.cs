using Telemetry.Contracts;
using Telemetry.Host.Configuration;
using Telemetry.Storage.Sink;

namespace Telemetry.Host.Composition;

/// <summary>Our consumer groups with the topics they read, and the role that owns each.</summary>
internal static class ConsumerGroups
{
    /// <summary>Groups of the given roles.</summary>
    public static IReadOnlyList<GroupTopic> Of(TelemetryOptions options, Roles roles)
    {
        var groups = new List<GroupTopic>();
        if (roles.HasFlag(Roles.Process))
        {
            groups.Add(new GroupTopic(options.Processing.Group, KafkaTopics.Readings));
        }

        if (roles.HasFlag(Roles.Store))
        {
            groups.AddRange(SinkGroups.Of(options.Sink).Select(g => new GroupTopic(g.Group, g.Topic)));
        }

        return groups;
    }
}

/// <summary>A consumer group and a topic it reads.</summary>
internal readonly record struct GroupTopic(string Group, string Topic);
