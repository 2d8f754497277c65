using System.IO.Pipelines;
using System.Net;

namespace Telemetry.Edge.Connections;

/// <summary>Bytes in and out of one client, whatever carries them.</summary>
internal abstract class MqttTransport : IAsyncDisposable
{
    public abstract PipeReader Input { get; }

    /// <summary>A flush completes when the bytes were handed to the kernel (or to TLS or WebSocket above it).</summary>
    public abstract PipeWriter Output { get; }

    public virtual EndPoint? RemoteEndPoint => null;

    /// <summary>Where the client connected to.</summary>
    public virtual EndPoint? LocalEndPoint => null;

    /// <summary>Name in the verified client certificate.</summary>
    public virtual string? CertificateName => null;

    /// <summary>True when the client's certificate was taken back since the handshake.</summary>
    public virtual bool IsCertificateRevoked => false;

    /// <summary>Says that nothing more will be sent; receiving goes on.</summary>
    public abstract ValueTask ShutdownSendAsync();

    /// <summary>Has TCP find out whether the peer is still there, where there is a socket of our own below.</summary>
    /// <param name="idle">Silence before the first probe.</param>
    public virtual void KeepAlive(TimeSpan idle)
    {
    }

    /// <summary>Cuts the connection.</summary>
    public abstract void Abort();

    public abstract ValueTask DisposeAsync();
}
