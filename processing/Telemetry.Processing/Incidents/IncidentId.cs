using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Processing.Incidents;

/// <summary>
/// Ids of incidents: the millisecond of the start (12 hexadecimal digits, so that ids sort by start), a hyphen, and 16 digits out of SHA-256 over
/// what makes it the one it is. The same readings give the same id, in a replay, a backtest or another log.
/// </summary>
internal static class IncidentId
{
    public static string Of(string device, string sensor, AnomalyKind kind, long startUs, ulong boot, ulong sequence)
    {
        var names = Encoding.UTF8.GetBytes($"{device}\n{sensor}\n{(int)kind}\n");
        var bytes = new byte[names.Length + 24];
        names.CopyTo(bytes, 0);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(names.Length), startUs);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(names.Length + 8), boot);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(names.Length + 16), sequence);
        var startMs = Math.Clamp(startUs / 1000, 0, 0xFFFF_FFFF_FFFF);
        return string.Create(
            CultureInfo.InvariantCulture, $"{startMs:x12}-{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8))}");
    }
}
