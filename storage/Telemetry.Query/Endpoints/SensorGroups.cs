using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Query.Answers;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Problems;
using Telemetry.Query.Series;

namespace Telemetry.Query.Endpoints;

/// <summary>The devices whose readings of a sensor are put together, and into how many series.</summary>
/// <param name="Key">What tells the groups apart; null: all are one.</param>
/// <param name="Where">Condition on sensor and device.</param>
/// <param name="Values">Values of the placeholders of both.</param>
/// <param name="Devices">The devices; null: not known.</param>
/// <param name="HasMore">True: there are more groups than were asked for.</param>
internal sealed record SensorGroups(
    SeriesGroup? Key, string Where, IReadOnlyList<KeyValuePair<string, string>> Values, IReadOnlyList<string>? Devices, bool HasMore)
{
    private const string ByDevice = "device";
    private const int UnitDevicesMax = 20_000;
    private const int DevicesMax = 10_000;

    /// <summary>True: every device with the sensor, in one series, for somebody who sees every device.</summary>
    public bool AreAllDevices { get; private init; }

    /// <summary>Of every device: what the catalogue says of all alike.</summary>
    private CatalogueEntry? Alike { get; init; }

    /// <summary>True: a group is a device.</summary>
    public bool IsByDevice => Key == SeriesGroup.Device;

    /// <param name="request">Request; its parameters say which devices are meant.</param>
    /// <param name="sensor">Sensor.</param>
    /// <param name="group">device, a place, or null.</param>
    /// <param name="groupsMax">Most groups.</param>
    public static async ValueTask<SensorGroups> FindAsync(ApiRequest request, string sensor, string? group, int groupsMax)
    {
        var place = group is null or ByDevice ? null : CatalogueFilter.PlaceOf(group)
            ?? throw ApiProblem.BadParameter("group", $"'{group}' is not one of device, {string.Join(", ", CatalogueFilter.Places)}.", "line");
        var filter = CatalogueFilter.Of(request.Parameters, search: false);
        if (filter.AsksCatalogue || place is not null)
        {
            // Half a catalogue would give half the devices.
            CatalogueEndpoints.Desk(request);
        }

        const string where = "sensor = {sensor:String}";
        var ofSensor = new Filters().Equal("sensor", "String", sensor);
        List<KeyValuePair<string, string>> values = [new("sensor", sensor)];
        if (group is null && filter.IsAll)
        {
            // Only to know their unit.
            ValueTask<IReadOnlyList<string>?> FindDevicesAsync() => PlantDevices.TryFindAsync(request, ofSensor, filter, UnitDevicesMax);
            var all = new SensorGroups(null, where, values, null, false) { AreAllDevices = request.Caller.Devices.IsAll };
            return request.Parts.Catalogue is not { } catalogue ? all
                : all.AreAllDevices ? all with { Alike = await request.Parts.InCommon.FindAsync(catalogue.Book, sensor, FindDevicesAsync) }
                : all with { Devices = await FindDevicesAsync() };
        }

        var found = await PlantDevices.FindAsync(request, ofSensor, filter);
        if (place is null)
        {
            var hasMore = group is not null && found.Count > groupsMax;
            var devices = Bounded(hasMore ? [.. found.Take(groupsMax)] : found);
            values.Add(new("devices", EngineText.Array(devices)));
            return new SensorGroups(group is null ? null : SeriesGroup.Device, where + " AND device IN {devices:Array(String)}", values, devices, hasMore);
        }

        var book = CatalogueEndpoints.Desk(request).Book;
        var groups = found.Select(device => (Device: device, Group: book.Device(device) is { } entry ? place(entry) : ""))
            .Where(d => d.Group.Length > 0).GroupBy(d => d.Group).OrderBy(g => g.Key, StringComparer.Ordinal).ToList();
        var kept = groups.Take(groupsMax).SelectMany(g => g).ToList();
        Bounded(kept);
        values.Add(new("devices", EngineText.Array(kept.Select(d => d.Device))));
        values.Add(new("groups", EngineText.Array(kept.Select(d => d.Group))));
        return new SensorGroups(
            SeriesGroup.Of("transform(device, {devices:Array(String)}, {groups:Array(String)}, '')"),
            where + " AND device IN {devices:Array(String)}",
            values,
            [.. kept.Select(d => d.Device)],
            groups.Count > groupsMax);
    }

    /// <summary>Their names go beside the statement, and over HTTP into the address.</summary>
    private static IReadOnlyList<T> Bounded<T>(IReadOnlyList<T> devices) => devices.Count <= DevicesMax
        ? devices
        : throw new ApiProblem(
            422, "query-rows-limit", "The question is too large", $"It is about {devices.Count:N0} devices; at most {DevicesMax:N0} are chosen by place, type or tag. Ask for a smaller place.");

    /// <summary>What the catalogue says of the sensor of all the devices alike: a unit that is not everyone's is not the unit of their mean.</summary>
    public CatalogueEntry? Common(CatalogueBook? book, string sensor) => Alike ?? SensorsInCommon.Of(book, sensor, Devices);
}
