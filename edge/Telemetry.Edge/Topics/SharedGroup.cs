namespace Telemetry.Edge.Topics;

/// <summary>The members of one shared subscription ($share/{name}/{filter}); each message goes to one of them.</summary>
internal sealed class SharedGroup(string name)
{
    private SubscriberSet _members = SubscriberSet.Empty;
    private uint _turn;

    public string Name { get; } = name;

    public SubscriberSet Members
    {
        get => Volatile.Read(ref _members);
        set => Volatile.Write(ref _members, value);
    }

    /// <summary>
    /// Whose turn it is: round robin over the members that can take a message now, else over those that are connected, else
    /// a session that keeps it for later.
    /// </summary>
    public Subscription? Next()
    {
        var members = Members;
        if (members.Count == 0)
        {
            return null;
        }

        var start = Interlocked.Increment(ref _turn);
        Subscription? connected = null;
        Subscription? any = null;
        for (var i = 0; i < members.Count; i++)
        {
            var member = members[(int)((start + (uint)i) % (uint)members.Count)];
            if (member.Subscriber.HasSendQuota)
            {
                return member;
            }

            connected ??= member.Subscriber.IsConnected ? member : null;
            any ??= member;
        }

        return connected ?? any;
    }
}
