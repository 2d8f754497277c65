using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Telemetry.Testing.Faults;

/// <summary>
/// A network link on loopback that can be made bad: it takes connections on a port of its own and passes them on to one of
/// its targets, in turn; a target that refuses is passed over. The mode can change at any time and acts on open connections too.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private const int Backlog = 512;

    private readonly IReadOnlyList<IPEndPoint> _targets;
    private readonly TimeProvider _time;
    private readonly Random _jitter;
    private readonly ConcurrentDictionary<ProxiedConnection, Task> _connections = new();
    private readonly SemaphoreSlim _changing = new(1);
    private readonly CancellationTokenSource _stop = new();
    private volatile LinkState _state = new(LinkMode.Pass);
    private Socket? _listener;
    private Task _acceptLoop = Task.CompletedTask;
    private int _next = -1;
    private long _accepted;
    private long _lostBytes;

    /// <param name="port">Port on loopback to listen on; 0: a free one.</param>
    /// <param name="targets">Where connections go, in turn; one at least.</param>
    /// <param name="seed">Of the jitter.</param>
    /// <param name="time">Clock of delays and throttling.</param>
    public TcpProxy(int port, IReadOnlyList<IPEndPoint> targets, int seed, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfZero(targets.Count);
        _targets = targets;
        _time = time;
        _jitter = new Random(seed);
        EndPoint = new IPEndPoint(IPAddress.Loopback, port);
        Listen();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; private set; }

    /// <summary>The mode in force.</summary>
    public LinkMode Mode => _state.Mode;

    /// <summary>Connections taken so far.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Connections open now.</summary>
    public int Open => _connections.Count;

    /// <summary>Bytes taken and never delivered, see <see cref="LinkMode.Blackhole"/>.</summary>
    public long LostBytes => Interlocked.Read(ref _lostBytes);

    internal TimeProvider Time => _time;

    /// <summary>Changes the mode, for open connections and for new ones.</summary>
    public async Task SetAsync(LinkMode mode)
    {
        await _changing.WaitAsync();
        try
        {
            var before = _state;
            _state = new LinkState(mode);
            before.End();
            if (mode == LinkMode.Refuse)
            {
                await StopListeningAsync();
                ResetAll();
            }
            else if (_listener is null)
            {
                Listen();
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Resets every open connection (RST); new ones are taken as the mode says.</summary>
    public void ResetAll()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Reset();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await StopListeningAsync();
        ResetAll();
        await Task.WhenAll(_connections.Values);
        _changing.Dispose();
        _stop.Dispose();
    }

    /// <summary>Waits while bytes are held; the mode in force after that.</summary>
    internal async Task<LinkState> HeldAsync(CancellationToken cancellationToken)
    {
        var state = _state;
        while (state.Mode == LinkMode.Hold)
        {
            await state.Ended.WaitAsync(cancellationToken);
            state = _state;
        }

        return state;
    }

    internal void Lose(int bytes) => Interlocked.Add(ref _lostBytes, bytes);

    internal TimeSpan DrawJitter(TimeSpan most)
    {
        lock (_jitter)
        {
            return most * _jitter.NextDouble();
        }
    }

    private void Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(EndPoint);
        listener.Listen(Backlog);
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
        _listener = listener;
        _acceptLoop = RunAcceptLoopAsync(listener);
    }

    private async Task StopListeningAsync()
    {
        _listener?.Dispose();
        _listener = null;
        await _acceptLoop;
    }

    private async Task RunAcceptLoopAsync(Socket listener)
    {
        await Task.Yield();
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return; // Closed: refusing, or the end.
            }

            Interlocked.Increment(ref _accepted);
            var connection = new ProxiedConnection(this, client);
            var begin = new TaskCompletionSource();
            _connections[connection] = RunAsync(connection, begin.Task);
            begin.SetResult();
        }
    }

    private async Task RunAsync(ProxiedConnection connection, Task begin)
    {
        await begin; // It is listed before it can end.
        try
        {
            await connection.RunAsync(ConnectAsync, _stop.Token);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            connection.Dispose();
        }
    }

    /// <summary>A connection to the next target that takes one; null when all refuse.</summary>
    private async Task<Socket?> ConnectAsync(CancellationToken cancellationToken)
    {
        // Each connection goes round by itself: among several at a time, none may meet the same refusing target twice.
        var first = (uint)Interlocked.Increment(ref _next);
        for (var attempt = 0u; attempt < _targets.Count; attempt++)
        {
            var target = _targets[(int)((first + attempt) % (uint)_targets.Count)];
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(target, cancellationToken);
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        return null;
    }
}
