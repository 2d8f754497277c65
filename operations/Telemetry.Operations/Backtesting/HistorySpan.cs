namespace Telemetry.Operations.Backtesting;

/// <summary>Which history.</summary>
/// <param name="From">Start of what is judged.</param>
/// <param name="To">Its end, exclusive.</param>
/// <param name="WarmUp">How much before it the detectors see first.</param>
/// <param name="Device">Only this device; null for all.</param>
/// <param name="Sensor">Only this sensor; null for all.</param>
public sealed record HistorySpan(DateTimeOffset From, DateTimeOffset To, TimeSpan WarmUp, string? Device, string? Sensor)
{
    public DateTimeOffset Start => From - WarmUp;
}
