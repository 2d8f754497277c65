using Telemetry.IntegrationTests.Support;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Telemetry.IntegrationTests.Support;

/// <summary>
/// Begins the run with the classes that take longest, so that short ones fill the cores at its end. Classes that take more than 30 s on two cores stand here, the longest first;
/// one that is missing costs time and nothing else. `artifacts/setup/Telemetry.IntegrationTests.xml` has the times of a run.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        "StorageCrashTests", "ScriptedStoreTests", "SharedStoreTests", "SparkplugKafkaTests", "DeletionTests", "DurableSessionKillTests", "UpstreamKillTests",
        "BackupTests", "KafkaPipelineTests", "RunTimeTests", "ComposeProcessTests", "SchemaPipelineTests", "KafkaForwardTests", "DeleteDeviceKafkaTests",
        "ImageBuildTests", "ExploreTests", "WholePipelineTests", "FirstLookTests", "IncidentKafkaTests", "HttpsTests", "SchemaDirectoryTests", "AccessibilityTests",
        "KafkaClassicGroupTests", "TracingTests", "KafkaRightsTests", "KafkaLostHeartbeatTests",
    ];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(Place)];

    private static int Place<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(Longest, name => collection.TestCollectionDisplayName.Contains("." + name + " ", StringComparison.Ordinal));
        return place < 0 ? Longest.Length : place;
    }
}
