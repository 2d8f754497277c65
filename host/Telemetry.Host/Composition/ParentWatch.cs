using System.Runtime.InteropServices;

namespace Telemetry.Host.Composition;

/// <summary>
/// Listens to the parent process on standard input: its end asks for a stop (also when the parent died), the line
/// <see cref="DrainLine"/> before it asks to finish everything on the log first. Polls, so that it can itself be ended.
/// </summary>
internal sealed partial class ParentWatch : IDisposable
{
    /// <summary>What a parent writes before the end.</summary>
    public const string DrainLine = "drain";

    private const short Readable = 1; // POLLIN
    private const int PollMilliseconds = 250;

    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private volatile bool _ending;
    private volatile bool _drain;

    private readonly Action? _orphaned;

    /// <param name="orphaned">
    /// Called when standard input ends without <see cref="DrainLine"/>, for a process whose parent always writes it: the parent
    /// has died. Null: every end asks for a stop.
    /// </param>
    public ParentWatch(Action? orphaned = null)
    {
        _orphaned = orphaned;
        _thread = new Thread(Listen) { Name = "parent-watch", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Fires when the parent asks for a stop or has died.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>True: finish what is on the log before stopping.</summary>
    public bool Drain => _drain;

    public void Dispose()
    {
        _ending = true;
        _thread.Join();
        _stop.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollFile files, nuint count, int timeoutMilliseconds);

    private void Listen()
    {
        using var input = Console.OpenStandardInput();
        var text = new List<byte>();
        var buffer = new byte[256];
        while (!_ending)
        {
            var file = new PollFile { File = 0, Events = Readable };
            if (Poll(ref file, 1, PollMilliseconds) <= 0)
            {
                continue;
            }

            var read = input.Read(buffer);
            if (read > 0 && text.Count < buffer.Length)
            {
                text.AddRange(buffer.AsSpan(0, read));
            }
            else if (read == 0)
            {
                _drain = System.Text.Encoding.ASCII.GetString(text.ToArray()).Contains(DrainLine, StringComparison.Ordinal);
                if (!_drain)
                {
                    _orphaned?.Invoke();
                }

                _stop.Cancel();
                return;
            }
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFile
    {
        public int File;
        public short Events;
        public short Returned;
    }
}
