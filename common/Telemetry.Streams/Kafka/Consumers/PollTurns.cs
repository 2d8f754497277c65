namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// The polling thread's side of the exchange with the caller: the request that is being served, and what the caller's listener is
/// told in between. On the polling thread only, except where said.
/// </summary>
/// <param name="listens">False: nobody wants to be told of partitions.</param>
/// <param name="takeoverSilence">How long the listener may take partitions over before <paramref name="keepAlive"/> is called, again and again.</param>
/// <param name="keepAlive">Polls, so that the group does not find the member silent.</param>
internal sealed class PollTurns(bool listens, TimeSpan takeoverSilence, Action keepAlive)
{
    private readonly PollExchange _exchange = new();
    private Rebalance? _outstanding;
    private volatile bool _isListening;
    private volatile bool _isTelling;
    private Exception? _fault;

    /// <summary>The request that is being served.</summary>
    public PollRequest Request { get; private set; } = null!;

    /// <summary>The caller wants the consumer closed.</summary>
    public bool IsClosing { get; private set; }

    /// <summary>True: the listener is at work for us; from any thread.</summary>
    public bool IsTelling => _isTelling;

    /// <summary>By the caller.</summary>
    public Task<Rebalance?> SendAsync(PollRequest request) => _exchange.SendAsync(request);

    /// <summary>By the caller: the listener threw, so it is not at work for us until the next poll.</summary>
    public void ListenerFailed() => _isListening = false;

    /// <summary>Waits for the next request.</summary>
    public void Next()
    {
        while (true)
        {
            if (_exchange.Receive(Timeout.InfiniteTimeSpan) is { } request)
            {
                Request = request;
                IsClosing = request.IsClose;
                return;
            }
        }
    }

    /// <summary>Tells the caller; one whose request has its answer already is told at the next.</summary>
    public void Fail(Exception error)
    {
        if (!Request.Reply.TrySetException(error))
        {
            _fault = error;
        }
    }

    /// <summary>The next poll hears of it.</summary>
    public void FailLater(Exception error) => _fault = error;

    /// <summary>Throws what earlier requests could not be told.</summary>
    public void ThrowFault()
    {
        if (_fault is { } fault)
        {
            _fault = null;
            throw fault;
        }
    }

    /// <summary>Has the listener told, and waits until it has returned.</summary>
    public void Tell(Rebalance rebalance)
    {
        if (!listens)
        {
            return;
        }

        if (_outstanding is { } earlier)
        {
            // Called back while the listener still takes over other partitions: one after the other.
            Await(earlier, Timeout.InfiniteTimeSpan);
        }

        _outstanding = rebalance;
        _isTelling = true;
        Answer(rebalance);
        Await(rebalance, rebalance.Kind == RebalanceKind.Assigned ? takeoverSilence : Timeout.InfiniteTimeSpan);
    }

    private void Await(Rebalance rebalance, TimeSpan keepAliveEvery)
    {
        while (!rebalance.IsDone)
        {
            if (_exchange.Receive(keepAliveEvery) is not { } request)
            {
                if (_isListening)
                {
                    keepAlive();
                }

                continue;
            }

            Request = request;
            IsClosing |= request.IsClose;
            if (request.Kind is PollRequestKind.Done or PollRequestKind.DoneClose)
            {
                rebalance.IsDone = true;
                _outstanding = null;
                _isListening = false;
                _isTelling = false;
            }
            else
            {
                // The listener had failed: ask again.
                Answer(rebalance);
            }
        }
    }

    private void Answer(Rebalance rebalance)
    {
        _isListening = true;
        Request.Reply.SetResult(rebalance);
    }
}
