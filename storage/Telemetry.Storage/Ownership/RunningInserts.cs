using System.Globalization;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Ownership;

/// <summary>
/// The sinks' INSERTs that the engine is running, as <c>system.processes</c> lists them: a statement is there from before its check
/// until after its last part is in place. They are known by their setting
/// <c>log_comment</c>, looked for in the text because the embedded engine takes no query ids.
/// </summary>
internal sealed class RunningInserts(IClickHouse clickHouse, string source, FenceOptions options, TimeProvider time)
{
    /// <summary>What the engine says to an INSERT whose claim is not the newest.</summary>
    public const string Refusal = "another sink has claimed this partition";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The value of <c>log_comment</c>: source, and the partitions between commas.</summary>
    public static string Tag(string source, IEnumerable<int> partitions) =>
        $"telemetry-sink {source} ,{string.Join(',', partitions)},";

    /// <summary>Rebuilds are waited for, not killed: they take long and would have to be done again.</summary>
    public static string RebuildOf(string source) => $"rebuild {source}";

    /// <summary>Waits until none of these partitions is left; what takes longer than <see cref="FenceOptions.Grace"/> is killed.</summary>
    /// <returns>How many were running at first.</returns>
    /// <exception cref="ClickHouseException">Some are still running after <see cref="FenceOptions.Timeout"/>.</exception>
    public async ValueTask<int> EndAsync(StoreLayout layout, IReadOnlyList<int> partitions, CancellationToken cancellationToken)
    {
        // INSERTs only: the statements that look for them hold the same text.
        var which = string.Create(
            CultureInfo.InvariantCulture,
            $"query_kind = 'Insert' AND match(query, 'telemetry-sink (rebuild )?{source} [0-9,]*,({string.Join('|', partitions)}),')");
        var on = layout.Cluster is null ? "" : $"ON CLUSTER '{layout.Cluster}' ";
        var start = time.GetTimestamp();
        var first = -1;
        while (true)
        {
            var running = (await clickHouse.QueryRowsAsync($"SELECT query_id, elapsed FROM {layout.System("processes")} WHERE {which}", null, cancellationToken)).Count;
            first = first < 0 ? running : first;
            if (running == 0)
            {
                return first;
            }

            var waited = time.GetElapsedTime(start);
            if (waited > options.Timeout)
            {
                throw new ClickHouseException(
                    ClickHouseErrors.TimeoutExceeded,
                    $"{running} INSERTs of a former sink are still running after {options.Timeout} (partitions {string.Join(", ", partitions)} of {source}) "
                    + "and do not end when killed: see system.processes. The sink tries again.");
            }

            if (waited > options.Grace)
            {
                await clickHouse.ExecuteAsync(new ClickHouseQuery($"KILL QUERY {on}WHERE {which} AND NOT match(query, 'telemetry-sink rebuild ') ASYNC"), cancellationToken);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
