using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Telemetry.Host.Readings;

/// <summary>One reading as a device sends it.</summary>
/// <param name="Device">Device id.</param>
/// <param name="Sensor">Sensor name.</param>
/// <param name="Value">Value.</param>
/// <param name="Time">When it was measured.</param>
/// <param name="Quality">good, uncertain or bad.</param>
internal sealed record ReadingToSend(string Device, string Sensor, double Value, DateTimeOffset Time, string Quality)
{
    /// <summary>NaN and infinities by their names, as the bridge takes them.</summary>
    public static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    public string Topic => $"telemetry/v1/{Device}/readings";

    /// <summary>A batch of one, under a boot of its own: sent again it is the same reading, another call makes another one.</summary>
    public byte[] Payload() => JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            boot = RandomNumberGenerator.GetInt32(1, int.MaxValue),
            seq = 1,
            readings = new[] { new { sensor = Sensor, time = Time.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture), value = Value, quality = Quality } },
        },
        Json);
}
