using System.Text.Json;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Query.Problems;
using Telemetry.Query.Topics;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Query.Endpoints;

/// <summary>What the log and the store hold, and from when on.</summary>
internal static class LogEndpoints
{
    private static readonly Dictionary<HorizonCause, string> Causes = new()
    {
        [HorizonCause.None] = "none",
        [HorizonCause.Retention] = "retention",
        [HorizonCause.Former] = "former",
        [HorizonCause.PartitionGone] = "partition-gone",
    };

    /// <summary>Names of the causes.</summary>
    public static IEnumerable<string> CauseNames => Causes.Values;

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "topics", "/topics", "Topics of the log, and the schemas they are written with",
            "'records' counts offsets: a little more than there are records where a topic is compacted or written in transactions. 'removed' are the offsets that retention has taken. 'schemas' are those "
            + "of the newest record of each partition, by the id that the value carries (Confluent wire format); 'message' is null for an id that a schema registry gave. Up to half a minute old.",
            [], ApiEndpoint.Json, TopicsAsync),
        new(
            "store-horizon", "/store/horizon", "From when on each table of the store is complete",
            "'completeFrom' is null where nothing was ever removed. 'cause': retention removes what is older; former: it was removed before, by a shorter retention or by hand; partition-gone: a whole month "
            + "(of the daily rollup a year) is not there, while another table has it.",
            [], ApiEndpoint.Json, HorizonAsync),
    ];

    private static async Task TopicsAsync(ApiRequest request)
    {
        var reader = request.Parts.Topics ?? throw new ApiProblem(503, "no-log", "There is no log here", "This process has no log; ask one that has.");
        try
        {
            var topics = await reader.ReadAsync(request.Aborted);
            request.Response.ContentType = "application/json";
            await JsonSerializer.SerializeAsync(request.Response.Body, new TopicsAnswer(topics), JsonSerializerOptions.Web, request.Aborted);
        }
        catch (RecordLogException error)
        {
            throw new ApiProblem(503, "log-down", "The log cannot be asked", error.Message) { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }

    private static async Task HorizonAsync(ApiRequest request)
    {
        var horizon = await request.Parts.Horizon.ReadStoreAsync(request.Aborted);
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteStartArray("tables");
        foreach (var table in StoreTables.All)
        {
            var (from, cause) = horizon.Of(table);
            writer.WriteStartObject();
            writer.WriteString("table", table.Name());
            writer.WriteString("completeFrom", cause == HorizonCause.None ? null : TimeText.Format(UnixMicros.From(from)));
            writer.WriteString("cause", Causes[cause]);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private sealed record TopicsAnswer(IReadOnlyList<TopicView> Topics);
}
