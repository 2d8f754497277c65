using System.Net;
using System.Net.Sockets;

namespace Telemetry.Host.Composition;

/// <summary>A TCP port that a role listens on.</summary>
/// <param name="What">What listens there, for people.</param>
/// <param name="Address">On this address.</param>
/// <param name="Port">0: a free one is taken.</param>
/// <param name="Another">The flag or setting that gives another one.</param>
internal sealed record ListenedPort(string What, IPAddress Address, int Port, string Another)
{
    /// <summary>Tries to listen there, for a moment.</summary>
    /// <returns>Why it cannot be had; null: it can.</returns>
    public SocketException? Try()
    {
        try
        {
            using var listener = new TcpListener(Address, Port);
            listener.Start();
            return null;
        }
        catch (SocketException error)
        {
            return error;
        }
    }

    /// <summary>For people: who has it and what to do.</summary>
    /// <param name="error">What <see cref="Try"/> gave.</param>
    public string Explain(SocketException error)
    {
        var found = error.SocketErrorCode == SocketError.AddressAlreadyInUse
            ? $"is in use by {Holder.OfPort(Port)?.ToString() ?? "another process"}. Stop that one, or give another"
            : $"cannot be had: {error.Message}. Give another";
        return $"{new IPEndPoint(Address, Port)}, for {What}, {found} with {Another} (0: a free one).";
    }
}
