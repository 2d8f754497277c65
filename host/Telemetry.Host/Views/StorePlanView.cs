using System.Globalization;
using Telemetry.Storage.Sizes;

namespace Telemetry.Host.Views;

/// <summary>What a store will take, in plain text.</summary>
internal static class StorePlanView
{
    public static async Task WriteAsync(TextWriter output, StorePlan plan)
    {
        await new TextTable("table", "days kept", "rows", "bytes/row", "bytes").WriteAsync(
            output, plan.Tables.Select(t => new[] { t.Table, Say($"{t.KeptDays:N0}"), Say($"{t.Rows:N0}"), Say($"{t.BytesPerRow:0.00}"), ByteText.Of(t.Bytes) }));
        await output.WriteLineAsync();
        await output.WriteLineAsync(Say(
            $"{plan.ReadingsPerDay:N0} readings a day, {plan.Readings:N0} kept: {ByteText.Of(plan.Bytes)}, {plan.BytesPerReading:0.00} bytes a reading, all tables; leave a tenth of the disk to merges."));
        await output.WriteLineAsync($"Written to disk: {ByteText.Of(plan.WrittenBytesPerDay)} a day, log and merges included.");
        if (plan.DaysThatFit is { } days)
        {
            await output.WriteLineAsync(Say($"Nine tenths of that disk hold {days:N0} days."));
        }

        await output.WriteLineAsync($"Measured by {plan.MeasuredBy}.");
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
