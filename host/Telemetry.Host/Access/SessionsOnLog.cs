using Microsoft.AspNetCore.Authentication;
using Telemetry.Streams;

namespace Telemetry.Host.Access;

/// <summary>Sessions as entries of a topic that all processes read: by a hash of what the cookie holds, so that who reads the log has no session.</summary>
internal sealed class SessionsOnLog(KeyedTopic topic)
{
    /// <summary>How the keys of these entries begin.</summary>
    public const string Prefix = "session/";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CatchUp = TimeSpan.FromSeconds(2);

    /// <summary>Told of each session that was read; null: it has ended.</summary>
    public Action<string, AuthenticationTicket?> Changed { get; set; } = static (_, _) => { };

    /// <summary>Waits until what others have put so far has been told.</summary>
    public Task CatchUpAsync() => topic.CatchUpAsync(CatchUp);

    /// <summary>Puts a session; completes when the others can see it.</summary>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    /// <exception cref="OperationCanceledException">The log did not take it in time.</exception>
    public Task PutAsync(string hash, AuthenticationTicket ticket)
    {
        var copy = ticket.Clone();
        foreach (var identity in copy.Principal.Identities)
        {
            if (identity.FindFirst(Person.SessionClaim) is { } secret)
            {
                identity.RemoveClaim(secret);
            }
        }

        return topic.PutAsync(Prefix + hash, TicketSerializer.Default.Serialize(copy), Patience);
    }

    /// <summary>Ends a session everywhere; completes when it is sure.</summary>
    /// <inheritdoc cref="PutAsync"/>
    public Task EndAsync(string hash) => topic.PutAsync(Prefix + hash, ReadOnlyMemory<byte>.Empty, Patience);

    /// <summary>The same, without waiting.</summary>
    public void EndSoon(string hash) => topic.RemoveSoon(Prefix + hash);

    /// <summary>An entry was read.</summary>
    public void Take(string hash, ReadOnlyMemory<byte>? value) =>
        Changed(hash, value is { } bytes ? TicketSerializer.Default.Deserialize(bytes.ToArray()) : null);
}
