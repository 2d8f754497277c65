using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Contracts.Alarms;

/// <summary>The id of an alarm: what its device, sensor and source are, in 16 hexadecimal digits.</summary>
public static class AlarmId
{
    /// <summary>Digits of an id.</summary>
    public const int Length = 16;

    /// <summary>Device of the alarms of rules that count devices: this and the rule's name.</summary>
    public const string GroupPrefix = "group:";

    /// <summary>The first 8 bytes of SHA-256 over the three names, separated by zero bytes.</summary>
    public static string Of(string device, string sensor, string source)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{device}\0{sensor}\0{source}"), hash);
        return Convert.ToHexStringLower(hash[..(Length / 2)]);
    }
}
