using System.Buffers.Binary;
using System.Diagnostics;

namespace Telemetry.Benchmarks.Mqtt.Load;

/// <summary>Receives on one connection, acknowledges at once, and takes the time since each message was published.</summary>
internal sealed class LoadSubscriber(LoadConnection connection, LoadTally tally)
{
    /// <summary>Runs until the token, or until the broker closes.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        try
        {
            while (await connection.ReceiveAsync(Take, end))
            {
                await connection.FlushAsync(end);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The end of the run.
        }
    }

    /// <summary>Counts and acknowledges one packet.</summary>
    public void Take(byte first, ReadOnlySpan<byte> body)
    {
        if (first >> 4 == 6)
        {
            connection.Output.Acknowledge(0x70, body);
        }

        if (first >> 4 != 3)
        {
            return;
        }

        var rest = body[(2 + BinaryPrimitives.ReadUInt16BigEndian(body))..];
        var qos = (first >> 1) & 3;
        if (qos > 0)
        {
            connection.Output.Acknowledge(qos == 1 ? (byte)0x40 : (byte)0x50, rest);
            rest = rest[2..];
        }

        tally.Answered(1, Stopwatch.GetTimestamp() - BinaryPrimitives.ReadInt64LittleEndian(rest));
    }
}
