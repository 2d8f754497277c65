using System.Globalization;
using Telemetry.Query.Access;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Query.Limits;

/// <summary>Asks the store on behalf of one request, within the limits. What it has read counts until it is disposed.</summary>
internal sealed class StoreReader(
    QueryServices services, QueryGate gate, AnswerBudget answers, DateTimeOffset now, DeviceScope devices, CancellationToken aborted)
    : IDisposable
{
    private long _held;

    public QueryOptions Options => services.Options;

    /// <summary>When the request came.</summary>
    public DateTimeOffset Now => now;

    /// <summary>Fires when the asker has gone.</summary>
    public CancellationToken Aborted => aborted;

    /// <summary>Reads a result that is bounded by the statement.</summary>
    /// <param name="sql">Statement, without SETTINGS and FORMAT.</param>
    /// <param name="values">Values of its placeholders.</param>
    /// <param name="format">Format of the engine.</param>
    /// <param name="rowsMax">More rows end the statement with an error (<see cref="ClickHouseErrors.TooManyRowsOrBytes"/>); 0: any number.</param>
    /// <param name="isReadOnly">True: the engine refuses whatever could change or reach something.</param>
    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(
        string sql, IReadOnlyList<KeyValuePair<string, string>> values, string format, int rowsMax = 0, bool isReadOnly = false)
    {
        using var place = await gate.EnterAsync(aborted);
        var limit = rowsMax == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", max_result_rows={rowsMax}, result_overflow_mode='throw'");
        var query = new ClickHouseQuery($"{sql} {QuerySettings.For(Options, devices)}{limit}{(isReadOnly ? ", readonly=1" : "")}", values, format);
        var body = (await services.ClickHouse.QueryAsync(query, aborted)).Body;
        _held += answers.Take(body.Length);
        return body;
    }

    /// <summary>Passes a result of any size on as it comes: nothing is held but one block.</summary>
    public async ValueTask ExportAsync(
        string sql, IReadOnlyList<KeyValuePair<string, string>> values, string format, Stream destination)
    {
        using var place = await gate.EnterAsync(aborted);
        var query = new ClickHouseQuery($"{sql} {QuerySettings.ForExport(Options, devices)}", values, format, Kind: QueryKind.Batch);
        await services.ClickHouse.StreamAsync(query, destination, aborted);
    }

    public void Dispose() => answers.Return(_held);
}
