using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace Telemetry.Benchmarks.Mqtt.Load;

/// <summary>
/// Publishes on one connection with so many unanswered, until told to end, and takes the time of each answer. At QoS 0, where no
/// answer comes, every few publishes are followed by PINGREQ, whose answer says that the broker has taken them.
/// </summary>
internal sealed class LoadPublisher(LoadConnection connection, string topic, int qos, int window, int payloadSize, LoadTally tally)
{
    /// <summary>Publishes at QoS 0 before a PINGREQ.</summary>
    private const int Burst = 64;

    private readonly byte[] _topic = Encoding.UTF8.GetBytes(topic);
    private readonly byte[] _payload = new byte[payloadSize];
    private readonly long[] _startedAt = new long[window + 1];
    private int _open;
    private int _oldestPing;

    /// <summary>Runs until the token; a connection that the broker ends is an error.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        var bursts = Math.Max(1, window / Burst);
        for (var i = 0; i < (qos == 0 ? bursts : window); i++)
        {
            Send((ushort)(i + 1));
        }

        await connection.FlushAsync(CancellationToken.None);
        while (!end.IsCancellationRequested || _open > 0)
        {
            if (!await connection.ReceiveAsync((first, body) => Take(first, body, !end.IsCancellationRequested), CancellationToken.None))
            {
                throw new IOException("The broker closed a publisher's connection.");
            }

            await connection.FlushAsync(CancellationToken.None);
        }
    }

    private void Take(byte first, ReadOnlySpan<byte> body, bool goOn)
    {
        switch (first >> 4)
        {
            case 5:
                connection.Output.Acknowledge(0x62, body);
                break;
            case 4 or 7:
                Done(BinaryPrimitives.ReadUInt16BigEndian(body), 1, goOn);
                break;
            case 13:
                _oldestPing = (_oldestPing % Math.Max(1, window / Burst)) + 1;
                Done((ushort)_oldestPing, Burst, goOn);
                break;
        }
    }

    private void Done(ushort identifier, int count, bool goOn)
    {
        _open--;
        tally.Answered(count, Stopwatch.GetTimestamp() - _startedAt[identifier]);
        if (goOn)
        {
            Send(identifier);
        }
    }

    private void Send(ushort identifier)
    {
        _open++;
        var now = Stopwatch.GetTimestamp();
        _startedAt[identifier] = now;
        BinaryPrimitives.WriteInt64LittleEndian(_payload, now);
        if (qos > 0)
        {
            connection.Output.Publish(_topic, _payload, qos, identifier);
            return;
        }

        for (var i = 0; i < Burst; i++)
        {
            connection.Output.Publish(_topic, _payload, 0, 0);
        }

        connection.Output.Ping();
    }
}
