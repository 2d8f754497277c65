using System.ComponentModel;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// A pipe between the engine and a reader: <c>SELECT ... INTO OUTFILE '{Path}' TRUNCATE</c> fills it as the result comes, in any
/// format. (libchdb's own streaming starts formats like CSVWithNames, JSON and Parquet anew with each block.) Reading stops the engine
/// when it lags; once the reader has completed, what still comes is thrown away, so that the statement can end.
/// </summary>
public sealed partial class ResultPipe : IAsyncDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int BlockBytes = 64 * 1024;
    private const int PauseBytes = 1 << 20;

    private readonly FileStream _read;
    private readonly SafeFileHandle _write;
    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: PauseBytes, resumeWriterThreshold: PauseBytes / 2, minimumSegmentSize: BlockBytes, useSynchronizationContext: false));

    private readonly Task _pump;

    private ResultPipe()
    {
        var descriptors = new int[2];
        if (OpenPipe(descriptors, CloseOnExec) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "pipe2 failed");
        }

        _read = new FileStream(new SafeFileHandle(descriptors[0], ownsHandle: true), FileAccess.Read, bufferSize: 0);
        _write = new SafeFileHandle(descriptors[1], ownsHandle: true);
        Path = $"/proc/self/fd/{descriptors[1]}";

        // Reading a pipe blocks: on a thread of its own, not on one of the pool's.
        _pump = Task.Factory.StartNew(Pump, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Where the engine writes.</summary>
    private string Path { get; }

    /// <summary>Runs a statement that fills a pipe, and what reads it meanwhile.</summary>
    /// <param name="statement">Runs the statement, given the path to write to; ends soon when its token fires.</param>
    /// <param name="read">Reads to the end.</param>
    /// <returns>What <paramref name="statement"/> gave. When reading fails, the statement has ended before the error is thrown.</returns>
    public static async Task<T> RunAsync<T>(
        Func<string, CancellationToken, Task<T>> statement, Func<PipeReader, Task> read, CancellationToken cancellationToken)
    {
        await using var pipe = new ResultPipe();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var run = pipe.FillAsync(statement, stop.Token);
        try
        {
            await read(pipe.Reader);
        }
        catch
        {
            await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await run.ContinueWith(
                static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }

        return await run;
    }

    /// <summary>What the engine has written; ends after <see cref="CompleteWriting"/>.</summary>
    private PipeReader Reader => _pipe.Reader;

    /// <summary>The statement has ended: nothing more comes.</summary>
    private void CompleteWriting() => _write.Dispose();

    public async ValueTask DisposeAsync()
    {
        _write.Dispose();
        await _pipe.Reader.CompleteAsync();
        await _pump;
        await _read.DisposeAsync();
    }

    private async Task<T> FillAsync<T>(Func<string, CancellationToken, Task<T>> statement, CancellationToken stop)
    {
        try
        {
            return await statement(Path, stop);
        }
        finally
        {
            CompleteWriting();
        }
    }

    private void Pump()
    {
        var discard = false;
        try
        {
            while (_read.Read(_pipe.Writer.GetSpan(BlockBytes)) is > 0 and var read)
            {
                if (!discard)
                {
                    _pipe.Writer.Advance(read);
                    discard = Flush();
                }
            }

            _pipe.Writer.Complete();
        }
        catch (IOException e)
        {
            _pipe.Writer.Complete(e);
        }
    }

    /// <returns>True when nobody reads any more.</returns>
    private bool Flush()
    {
        var flush = _pipe.Writer.FlushAsync();
        return (flush.IsCompletedSuccessfully ? flush.Result : flush.AsTask().GetAwaiter().GetResult()).IsCompleted;
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int OpenPipe([In, Out] int[] descriptors, int flags);
}
