namespace Telemetry.Fuzz.Live;

/// <summary>A live run against a broker of its own, from the warm-up to the count of what is left.</summary>
internal static class LiveRun
{
    private const int AtOnce = 8;

    /// <summary>
    /// What may be left on the heap beside what was there after the warm-up, in bytes: the retained store's limit, buffers in pools, and
    /// what the runtime keeps for itself.
    /// </summary>
    private const long HeapSlack = 24L * 1024 * 1024;

    /// <summary>Runs for a time and checks the broker afterwards.</summary>
    /// <param name="time">How long.</param>
    /// <param name="seed">Where random numbers begin.</param>
    /// <param name="door">The only door to use, by its name; null: all.</param>
    /// <param name="cancellation">Ends it earlier.</param>
    /// <returns>What was done, and every finding with the script that showed it.</returns>
    public static async Task<LiveResult> RunAsync(TimeSpan time, int seed, string? door, CancellationToken cancellation)
    {
        await using var broker = await OwnBroker.StartAsync();
        Door[] doors = [.. broker.Doors.Where(d => door is null || d.Name == door)];
        var findings = new Dictionary<string, byte[]>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var witness = await Witness.StartAsync(broker.EndPoint, cancellation);
        var witnessing = witness.RunAsync(stop.Token);
        var warmUp = new LiveFuzzer(doors, ~seed);
        await warmUp.RunAsync(time / 10, AtOnce, cancellation);
        await NoteAsync(findings, broker.WhenOnlyAsync(2));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var fuzzer = new LiveFuzzer(doors, seed);
        await fuzzer.RunAsync(time, AtOnce, cancellation);
        await NoteAsync(findings, broker.WhenOnlyAsync(2));
        await stop.CancelAsync();
        await NoteAsync(findings, witnessing);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        if (grown > HeapSlack)
        {
            findings.TryAdd($"the heap grew by {grown} bytes", []);
        }

        if (broker.InternalErrors > 0)
        {
            findings.TryAdd($"{broker.InternalErrors} connections ended with an internal error", []);
        }

        foreach (var (message, script) in warmUp.Findings.Concat(fuzzer.Findings))
        {
            findings.TryAdd(message, script);
        }

        return new LiveResult(warmUp.Connections + fuzzer.Connections, witness.Received, grown, findings);
    }

    private static async Task NoteAsync(Dictionary<string, byte[]> findings, Task task)
    {
        try
        {
            await task;
        }
        catch (Exception exception)
        {
            findings.TryAdd(exception is FindingException ? exception.Message : $"{exception.GetType().Name}: {exception.Message}", []);
        }
    }
}

/// <summary>What a live run did and found.</summary>
/// <param name="Connections">Connections made.</param>
/// <param name="Witnessed">Messages of the well-behaved client, all of which came unless a finding says otherwise.</param>
/// <param name="Grown">Bytes that the heap is larger than after the warm-up.</param>
/// <param name="Findings">Message to script.</param>
internal sealed record LiveResult(long Connections, int Witnessed, long Grown, IReadOnlyDictionary<string, byte[]> Findings);
