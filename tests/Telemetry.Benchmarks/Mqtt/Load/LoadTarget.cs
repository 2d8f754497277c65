using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Telemetry.Benchmarks.Mqtt.Load;

/// <summary>A broker under load.</summary>
/// <param name="Name">As tables show it.</param>
/// <param name="Plain">Its plain listener on loopback.</param>
/// <param name="Tls">Its TLS listener; null when it has none.</param>
/// <param name="ProcessId">Its process, for CPU and memory; 0 when not known.</param>
internal sealed record LoadTarget(string Name, IPEndPoint Plain, IPEndPoint? Tls, int ProcessId)
{
    /// <summary>Reads <c>NAME=PORT[,TLSPORT[,PID]]</c>.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static LoadTarget Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var numbers = equals < 1 ? [] : text[(equals + 1)..].Split(',').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return numbers is [var plain, ..]
            ? new LoadTarget(
                text[..equals],
                new IPEndPoint(IPAddress.Loopback, plain),
                numbers is [_, > 0, ..] ? new IPEndPoint(IPAddress.Loopback, numbers[1]) : null,
                numbers is [_, _, var process, ..] ? process : 0)
            : throw new FormatException($"'{text}' is not NAME=PORT[,TLSPORT[,PID]].");
    }

    /// <summary>Resident memory of the broker in bytes; 0 when its process is not known.</summary>
    public long ResidentBytes() => Read(p => p.WorkingSet64);

    /// <summary>CPU time of the broker since its start; zero when its process is not known.</summary>
    public TimeSpan Cpu() => TimeSpan.FromTicks(Read(p => p.TotalProcessorTime.Ticks));

    private long Read(Func<Process, long> figure)
    {
        if (ProcessId == 0)
        {
            return 0;
        }

        using var process = Process.GetProcessById(ProcessId);
        return figure(process);
    }
}
