using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Telemetry.Tests.Architecture;

/// <summary>
/// The id of a log event is what alerts and searches go by, so an id means one message in the whole platform. The compiler tells of two in one class only as
/// information.
/// </summary>
public sealed class LogEventTests
{
    /// <summary>Projects with messages, those of every role among them; fewer means that the messages were not found.</summary>
    private const int ProjectsMin = 13;

    [Fact]
    public void Each_log_event_id_belongs_to_one_message()
    {
        var messages = DependencyDirectionTests.Projects.Select(p => (string)p).Append("telemetry")
            .SelectMany(p => Assembly.Load(p).GetTypes())
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(m => (Method: m, Message: m.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(m => m.Message is not null)
            .ToList();

        messages.Select(m => m.Method.Module.Name).Distinct().Count().ShouldBeGreaterThanOrEqualTo(ProjectsMin);
        messages.GroupBy(m => m.Message!.EventId)
            .Where(g => g.Count() > 1)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Select(m => $"{m.Method.DeclaringType!.FullName}.{m.Method.Name}"))}")
            .ShouldBeEmpty();
    }
}
