using System.Globalization;
using Google.Protobuf;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;
using Telemetry.Operations.DeadLetters;
using Telemetry.Query.Operations;

namespace Telemetry.Host.Operations;

/// <summary>Dead letters as the API gives them, and back.</summary>
internal static class DeadLetterViews
{
    /// <summary>Id in an address: no slash in it.</summary>
    public static string IdOf(DeadLetterId id) => string.Create(CultureInfo.InvariantCulture, $"{id.Partition}-{id.Offset}");

    /// <exception cref="FormatException">Not PARTITION-OFFSET.</exception>
    public static DeadLetterId Parse(string id) => DeadLetterId.Parse(id.Replace('-', '/'));

    /// <param name="entry">The letter.</param>
    /// <param name="whole">True: with its payload.</param>
    public static DeadLetterView Of(DeadLetterEntry entry, bool whole)
    {
        var letter = entry.Letter;
        var isMqtt = letter.SourcePartition < 0;
        return new DeadLetterView(
            IdOf(entry.Id),
            entry.RefusedAt,
            letter.Stage,
            letter.Cause,
            letter.Detail,
            letter.Source,
            isMqtt ? null : letter.SourcePartition,
            isMqtt ? null : letter.SourceOffset,
            letter.ClientId,
            letter.TraceId,
            [.. letter.ReadingIndexes],
            entry.Resolution,
            whole ? letter.Payload.ToBase64() : null,
            whole ? DeadLetterText.Page(entry) : null);
    }

    public static DeadLetterEntry Read(DeadLetterView view)
    {
        var letter = new DeadLetter
        {
            RefusedAtUs = UnixMicros.From(view.Refused),
            Stage = view.Stage,
            Cause = view.Cause,
            Detail = view.Detail,
            Source = view.Source,
            SourcePartition = view.Partition ?? -1,
            SourceOffset = view.Offset ?? -1,
            ClientId = view.Client,
            TraceId = view.Trace,
            Payload = view.Payload is null ? ByteString.Empty : ByteString.FromBase64(view.Payload),
        };
        letter.ReadingIndexes.AddRange(view.Readings);
        return new DeadLetterEntry(Parse(view.Id), letter, default, view.Resolution);
    }
}
