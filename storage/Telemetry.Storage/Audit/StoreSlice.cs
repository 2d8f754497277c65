using System.Globalization;

namespace Telemetry.Storage.Audit;

/// <summary>
/// A piece of the store that is small enough to be grouped in memory: one month and a range of devices, as the tables are sorted, so the
/// engine reads no more than the piece. Where one device alone has too many readings in the month, also a range of event times.
/// The slices of a month cover every device name and every time of it, whatever the tables hold.
/// </summary>
/// <param name="Month">As yyyymm.</param>
/// <param name="After">Devices behind this name; null for all up to <paramref name="Through"/>.</param>
/// <param name="Through">Devices up to and with this name; null for all after <paramref name="After"/>.</param>
/// <param name="FromUs">Event times from here on, microseconds.</param>
/// <param name="ToUs">Event times before this.</param>
/// <param name="Rows">Rows of raw in it when it was planned.</param>
public sealed record StoreSlice(int Month, string? After, string? Through, long FromUs, long ToUs, long Rows)
{
    /// <summary>Values of the placeholders in <see cref="Devices"/>.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Parameters { get; } = [new("after", After ?? ""), new("through", Through ?? "")];

    /// <summary>Condition on the column <c>device</c>.</summary>
    internal string Devices { get; } =
        (After is null ? "1" : "device > {after:String}") + (Through is null ? "" : " AND device <= {through:String}");

    /// <summary>Condition on a column of event times or of the beginnings of buckets.</summary>
    /// <param name="column">A DateTime64 or DateTime of UTC.</param>
    /// <param name="fromUs">Nothing before this moment, whatever the slice says; microseconds.</param>
    internal string Times(string column, long fromUs = 0) => string.Create(
        CultureInfo.InvariantCulture,
        $"toYYYYMM({column}) = {Month} AND {column} >= {Moment(Math.Max(FromUs, fromUs))} AND {column} < {Moment(ToUs)}");

    /// <summary>A moment in SQL.</summary>
    internal static string Moment(long microseconds) => string.Create(
        CultureInfo.InvariantCulture, $"fromUnixTimestamp64Micro({microseconds}, 'UTC')");
}
