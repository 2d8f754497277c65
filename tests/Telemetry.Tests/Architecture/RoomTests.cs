using System.Reflection;
using NetArchTest.Rules;

namespace Telemetry.Tests.Architecture;

/// <summary>
/// Namespaces of a project are its rooms, and arrows between rooms run one way: contracts and values below, orchestration above. A project is
/// listed once it has no circle.
/// </summary>
public sealed class RoomTests
{
    public static TheoryData<string> Projects => ["Telemetry.Query", "Telemetry.ClickHouseServer", "Telemetry.Observability", "Telemetry.Processing", "Telemetry.Evaluation", "Telemetry.Alarms", "Telemetry.SchemaRegistry", "Telemetry.Host"];

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_two_rooms_of_a_project_use_each_other_directly_or_by_way_of_others(string project)
    {
        var assembly = Assembly.Load(project == "Telemetry.Host" ? "telemetry" : project);
        var rooms = assembly.GetTypes()
            .Where(type => type.Namespace?.StartsWith(project, StringComparison.Ordinal) == true && !type.IsNested)
            .GroupBy(type => type.Namespace!)
            .ToDictionary(room => room.Key, room => room.Select(type => type.FullName!).ToArray());
        var uses = rooms.Keys.ToDictionary(
            room => room,
            room => rooms.Keys.Where(other => other != room && Uses(assembly, room, rooms[other])).ToList());

        // Whatever has no arrow to another room left is taken away; what remains goes round in circles.
        while (uses.Keys.Where(room => !uses[room].Any(uses.ContainsKey)).ToList() is { Count: > 0 } done)
        {
            done.ForEach(room => uses.Remove(room));
        }

        uses.Select(room => $"{room.Key} -> {string.Join(", ", room.Value.Where(uses.ContainsKey))}").ShouldBeEmpty();
    }

    private static bool Uses(Assembly assembly, string room, string[] types) => Types.InAssembly(assembly)
        .That().ResideInNamespaceMatching($"^{room.Replace(".", @"\.", StringComparison.Ordinal)}$")
        .And().HaveDependencyOnAny(types)
        .GetTypes()
        .Any();
}
