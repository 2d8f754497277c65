using Telemetry.IntegrationTests.Support;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Telemetry.IntegrationTests.Support;

/// <summary>
/// Begins the run with the collections and classes that take longest, so that short ones fill the cores at its end. xUnit gives all to the thread pool at once, whose threads take them
/// from both ends, so the longest stand at both. What takes more than 50 s on two cores stands here, the longest first;
/// a name that is missing costs time and nothing else. `artifacts/setup/Telemetry.IntegrationTests.xml` has the times of a run.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        "processes over Kafka", "StorageCrashTests", "processes", "embedded ClickHouse", "ScriptedStoreTests", "DeletionTests", "SharedStoreTests",
        "SchemaDirectoryTests", "ImageBuildTests", "KafkaClassicGroupTests", "KafkaLostHeartbeatTests",
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection
    {
        var placed = testCollections.Select(collection => (Collection: collection, Place: Place(collection))).OrderBy(p => p.Place).ToList();
        var head = placed.Where(p => p.Place < Longest.Length && p.Place % 2 == 0);
        var tail = placed.Where(p => p.Place < Longest.Length && p.Place % 2 == 1).Reverse();
        return [.. head.Concat(placed.Where(p => p.Place == Longest.Length)).Concat(tail).Select(p => p.Collection)];
    }

    private static int Place<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var title = collection.TestCollectionDisplayName;
        var place = Array.FindIndex(Longest, name => title == name || title.Contains("." + name + " ", StringComparison.Ordinal));
        return place < 0 ? Longest.Length : place;
    }
}
