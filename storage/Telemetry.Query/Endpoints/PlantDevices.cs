using Telemetry.Query.Answers;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>Finds stored devices by what the catalogue says of them.</summary>
internal static class PlantDevices
{
    /// <summary>Devices that are looked through for one answer.</summary>
    public const int DevicesMax = 200_000;

    /// <summary>Devices of which something is stored and which the filter means, by name. The asker sees all of them.</summary>
    /// <param name="request">Request.</param>
    /// <param name="filters">Which series are looked at.</param>
    /// <param name="filter">Which devices are meant.</param>
    /// <exception cref="ApiProblem">422: there are too many to look among.</exception>
    public static async ValueTask<IReadOnlyList<string>> FindAsync(ApiRequest request, Filters filters, CatalogueFilter filter) =>
        await TryFindAsync(request, filters, filter, DevicesMax) ?? throw TooMany();

    /// <summary>422: there are more devices than are looked through.</summary>
    public static ApiProblem TooMany() => new(
        422, "query-rows-limit", "The question is too large", $"There are more than {DevicesMax:N0} devices; places, types, tags and text are looked for among so many.");

    /// <summary>As <see cref="FindAsync"/>; null when there are more than <paramref name="devicesMax"/> to look among.</summary>
    public static async ValueTask<IReadOnlyList<string>?> TryFindAsync(ApiRequest request, Filters filters, CatalogueFilter filter, int devicesMax)
    {
        var rows = JsonRows.Parse(await request.QueryAsync(
            $"SELECT device FROM readings_last_data {filters.Where} GROUP BY device ORDER BY device LIMIT {devicesMax + 1}", filters.Values, "JSONCompactEachRow"));
        var book = request.Parts.Catalogue?.Book;
        return rows.Count > devicesMax
            ? null
            : [.. rows.Select(row => row[0].GetString()!).Where(device => filter.Has(device, book?.Device(device)))];
    }
}
