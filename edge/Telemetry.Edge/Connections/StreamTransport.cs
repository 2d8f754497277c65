using System.IO.Pipelines;
using System.Net;
using Telemetry.Edge.Security.Certificates;

namespace Telemetry.Edge.Connections;

/// <summary>A connection over a stream: TLS or WebSocket.</summary>
internal sealed class StreamTransport : MqttTransport
{
    private readonly Stream _stream;
    private readonly Func<ValueTask> _shutdownSend;
    private readonly Action _abort;
    private readonly Func<ValueTask> _dispose;

    /// <param name="stream">Carries the bytes; closed with the transport.</param>
    /// <param name="shutdownSend">Ends the sending side.</param>
    /// <param name="abort">Cuts what is below the stream.</param>
    /// <param name="dispose">Closes what is below the stream.</param>
    public StreamTransport(Stream stream, Func<ValueTask> shutdownSend, Action abort, Func<ValueTask> dispose)
    {
        _stream = stream;
        _shutdownSend = shutdownSend;
        _abort = abort;
        _dispose = dispose;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 4096, leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public override PipeReader Input { get; }

    public override PipeWriter Output { get; }

    public override EndPoint? RemoteEndPoint => Remote;

    public override string? CertificateName => Certificate?.Name;

    public override EndPoint? LocalEndPoint => Local;

    public EndPoint? Remote { get; init; }

    public EndPoint? Local { get; init; }

    /// <summary>The socket below, where it can be had.</summary>
    public Microsoft.AspNetCore.Connections.Features.IConnectionSocketFeature? Socket { get; init; }

    /// <summary>The client's certificate, as the handshake has judged it; null without one.</summary>
    public ProvenCertificate? Certificate { get; init; }

    public override bool IsCertificateRevoked => Certificate?.IsRevoked() ?? false;

    public override ValueTask ShutdownSendAsync() => _shutdownSend();

    public override void KeepAlive(TimeSpan idle) => SocketTransport.KeepAlive(Socket, idle);

    public override void Abort() => _abort();

    public override async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync();
        // Nothing may be flushed into a stream that may be broken: what was written was flushed before.
        await Output.CompleteAsync(new OperationCanceledException());
        await _stream.DisposeAsync();
        await _dispose();
    }
}
