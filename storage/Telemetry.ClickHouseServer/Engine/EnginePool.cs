using System.Collections.Concurrent;
using System.Globalization;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.ClickHouseServer.Engine;

/// <summary>
/// Connections of the engine: opened when none is free (half a millisecond), a few kept. How many there are at once is bounded by the
/// number of running statements. Each statement finds a fresh one.
/// </summary>
internal sealed class EnginePool(EmbeddedClickHouse engine) : IAsyncDisposable
{
    private const int KeptMax = 4;

    private readonly ConcurrentBag<EngineSession> _free = [];
    private int _kept;
    private int _opened;

    public async Task<EngineSession> RentAsync()
    {
        if (_free.TryTake(out var session))
        {
            Interlocked.Decrement(ref _kept);
            return session;
        }

        return await engine.OpenSessionAsync($"clickhouse-http-{Interlocked.Increment(ref _opened).ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>Takes a connection back.</summary>
    /// <param name="changed">It has settings, another database or temporary tables: they must not show to the next.</param>
    public async Task ReturnAsync(EngineSession session, bool changed)
    {
        if (Interlocked.Increment(ref _kept) > KeptMax)
        {
            Interlocked.Decrement(ref _kept);
            await session.DisposeAsync();
            return;
        }

        try
        {
            if (changed)
            {
                await session.ResetAsync();
            }
        }
        catch
        {
            Interlocked.Decrement(ref _kept);
            await session.DisposeAsync();
            throw;
        }

        _free.Add(session);
    }

    public async ValueTask DisposeAsync()
    {
        while (_free.TryTake(out var session))
        {
            await session.DisposeAsync();
        }
    }
}
