using System.Text;
using Telemetry.Bridge.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Ingest;

/// <summary>What a device says of itself on <c>telemetry/v1/{device}/catalogue</c>: a JSON document; without a payload it takes back what it said.</summary>
internal static class AnnouncementJudge
{
    private const int ErrorsMax = 3;

    /// <summary>Null when the announcement is usable, and then it is in the workspace.</summary>
    public static Refusal? Judge(in IngestPublish publish, ReadOnlySpan<byte> device, IngestWorkspace workspace)
    {
        var name = Encoding.ASCII.GetString(device);
        if (publish.Payload.IsEmpty)
        {
            workspace.Announcement = new CatalogueEntry { Source = CatalogueSource.Device, Device = name, Deleted = true };
            return null;
        }

        if (publish.Payload.Length > CatalogueReader.AnnouncementBytesMax)
        {
            return new(IngestOutcome.RejectedPayload, "too-large", $"The document is larger than {CatalogueReader.AnnouncementBytesMax} bytes.");
        }

        workspace.Announcement = CatalogueReader.ReadAnnouncement(workspace.Copy(JsonText.WithoutMark(publish.Payload)), name, out var errors);
        return workspace.Announcement is null
            ? new(IngestOutcome.RejectedPayload, "bad-catalogue", string.Join(" ", errors.Take(ErrorsMax)))
            : null;
    }
}
