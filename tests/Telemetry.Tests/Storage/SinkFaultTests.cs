using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts.Faults;
using Telemetry.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sink;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Storage;

/// <summary>What the sink does about errors that no retry can mend.</summary>
public sealed class SinkFaultTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-sink-fault-");

    public static TheoryData<Exception> Lasting => new((Exception[])[
        new ClickHouseException(ClickHouseErrors.AuthenticationFailed, "Authentication failed"),
        new DllNotFoundException("Unable to load shared library"),
        new TypeInitializationException("Engine", new DllNotFoundException("Unable to load shared library"))]);

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Lasting))]
    public async Task Sink_that_cannot_run_says_so_and_is_not_started_again(Exception cause)
    {
        await using var log = JournalLog.Open(
            new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        var store = new FailingClickHouse(cause);
        await using var sink = new StorageSink(log, store, new SinkOptions(), NullLoggerFactory.Instance, TimeProvider.System);

        await sink.StartAsync(TestContext.Current.CancellationToken);

        (await sink.Failed.WaitAsync(Patience, TestContext.Current.CancellationToken)).ShouldBe(cause);
        Fault.Explain(cause).ShouldNotContain("\n");
        await Should.ThrowAsync<Exception>(() => sink.WaitUntilReadyAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken));
        sink.IsReady.ShouldBeFalse();
    }

    [Fact]
    public async Task Sink_whose_server_is_away_keeps_trying()
    {
        await using var log = JournalLog.Open(
            new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        var store = new FailingClickHouse(new ClickHouseException(0, "Connection refused"));
        await using var sink = new StorageSink(
            log, store, new SinkOptions { RetryMin = TimeSpan.FromMilliseconds(1) }, NullLoggerFactory.Instance, TimeProvider.System);

        await sink.StartAsync(TestContext.Current.CancellationToken);

        // Three loops, several tries each.
        await store.AskedAsync(12).WaitAsync(Patience, TestContext.Current.CancellationToken);
        sink.Failed.IsCompleted.ShouldBeFalse();
    }

    private sealed class FailingClickHouse(Exception cause) : IClickHouse
    {
        private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;
        private int _wanted = int.MaxValue;

        public Task AskedAsync(int times)
        {
            Volatile.Write(ref _wanted, times);
            Count(0);
            return _enough.Task;
        }

        public ValueTask ExecuteAsync(ClickHouseQuery query, CancellationToken cancellationToken) => throw Fail();

        public ValueTask InsertAsync(
            ClickHouseQuery query, string structure, ReadOnlyMemory<byte> block, CancellationToken cancellationToken) => throw Fail();

        public ValueTask<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) => throw Fail();

        public ValueTask<ClickHouseSummary> StreamAsync(
            ClickHouseQuery query, Stream destination, CancellationToken cancellationToken) => throw Fail();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private Exception Fail()
        {
            Count(1);
            return cause;
        }

        private void Count(int more)
        {
            if (Interlocked.Add(ref _asked, more) >= Volatile.Read(ref _wanted))
            {
                _enough.TrySetResult();
            }
        }
    }
}
