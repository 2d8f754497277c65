using System.Globalization;

namespace Telemetry.Storage.Blocks;

/// <summary>
/// A marker row: the block it lies in holds all readings of one month at the log offsets [First..Last] of one partition
/// that the table did not have before. Its sensor is <c>p{partition}/{yyyymm}/{chain}</c>, its device <c>$sink</c>.
/// </summary>
/// <param name="Partition">Log partition.</param>
/// <param name="Month">Month as yyyymm.</param>
/// <param name="Chain">Markers of one chain and month join up and may be merged; others never merge.</param>
/// <param name="First">First offset covered.</param>
/// <param name="Last">Last offset covered.</param>
/// <param name="Time">An event time in the month, microseconds.</param>
internal readonly record struct Marker(int Partition, int Month, string Chain, long First, long Last, long Time)
{
    public const string Device = "$sink";

    public string Sensor => string.Create(CultureInfo.InvariantCulture, $"p{Partition}/{Month}/{Chain}");
}
