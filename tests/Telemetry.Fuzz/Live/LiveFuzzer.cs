using System.Collections.Concurrent;
using System.Diagnostics;

namespace Telemetry.Fuzz.Live;

/// <summary>
/// Connections that send scripts in pieces of any size and end in every way, several at once, through every door. Whatever they do, the
/// broker answers by the rules of the protocol.
/// </summary>
internal sealed class LiveFuzzer(IReadOnlyList<Door> doors, int seed)
{
    /// <summary>How long a connection is listened to after its script was sent.</summary>
    private static readonly TimeSpan Listening = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, byte[]> _findings = new();
    private long _connections;

    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>What was found, by its message: the script that showed it.</summary>
    public IReadOnlyDictionary<string, byte[]> Findings => _findings;

    /// <summary>Runs so many connections at once until the time is over.</summary>
    public async Task RunAsync(TimeSpan time, int atOnce, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        end.CancelAfter(time);
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(lane => Task.Run(() => RunLaneAsync(lane, end.Token), CancellationToken.None)));
    }

    private async Task RunLaneAsync(int lane, CancellationToken end)
    {
        var random = new Random(HashCode.Combine(seed, lane) ^ seed);
        while (!end.IsCancellationRequested)
        {
            var script = Script.Make(random);
            var door = doors[random.Next(doors.Count)];
            try
            {
                await CallAsync(door, script, random);
            }
            catch (FindingException finding)
            {
                _findings.TryAdd($"{door.Name}: {finding.Message}", script.Bytes);
            }

            Interlocked.Increment(ref _connections);
        }
    }

    private static async Task CallAsync(Door door, Script script, Random random)
    {
        using var patience = new Patience();
        var stage = "opened";
        try
        {
            await using var caller = await door.OpenAsync(patience.Token);
            stage = "sent to";
            var listening = ListenAsync(caller.Stream, new Answers(script.Version), patience.Token);
            await SendAsync(caller.Stream, script.Bytes, random, patience.Token);
            switch (random.Next(4))
            {
                case 0:
                    caller.Reset();
                    break;
                case 1:
                    // Once it has read all, the broker has nobody left to talk to, and ends too.
                    stage = "ended behind its half-close";
                    await caller.HalfCloseAsync(patience.Token);
                    await listening;
                    return;
                default:
                    await Task.WhenAny(listening, Task.Delay(Listening, patience.Token));
                    break;
            }

            stage = "ended";
            caller.End();
            await listening;
        }
        catch (Exception exception) when (exception is not FindingException)
        {
            // The broker may end a connection when it likes, and each stream tells that in its own way; it may not hang.
            if (patience.IsLost)
            {
                throw new FindingException($"a connection was not {stage} within {Patience.Beats} s", exception);
            }
        }
    }

    private static async Task SendAsync(Stream stream, byte[] bytes, Random random, CancellationToken cancellation)
    {
        var largest = random.Next(3) switch { 0 => 3, 1 => 100, _ => 10_000 };
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(random.Next(1, largest + 1), bytes.Length - at);
            await stream.WriteAsync(bytes.AsMemory(at, length), cancellation);
            at += length;
        }
    }

    private static async Task ListenAsync(Stream stream, Answers answers, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                answers.Add(buffer.AsSpan(0, read));
            }
        }
        catch (Exception exception) when (exception is not FindingException && !cancellation.IsCancellationRequested)
        {
            // The end: a reset, ours or the broker's.
            Debug.WriteLine(exception.Message);
        }
    }
}
