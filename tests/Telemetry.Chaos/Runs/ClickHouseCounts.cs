using System.Globalization;
using System.Net;

namespace Telemetry.Chaos.Runs;

/// <summary>How many readings each table holds, asked of ClickHouse beside all links.</summary>
internal sealed class ClickHouseCounts(IPEndPoint endPoint) : IDisposable
{
    private const string Sql =
        "SELECT (SELECT count() FROM readings_data), (SELECT sum(n) FROM readings_1m_data), "
        + "(SELECT sum(n) FROM readings_1h_data), (SELECT sum(n) FROM readings_1d_data) FORMAT TSV";

    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://{endPoint}"), Timeout = TimeSpan.FromSeconds(3) };

    /// <summary>Raw first, then the rollups; null when it does not answer.</summary>
    public async Task<IReadOnlyList<long>?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var sql = new StringContent(Sql);
            using var response = await _http.PostAsync(new Uri("/", UriKind.Relative), sql, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return null;
            }

            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return [.. text.Trim().Split('\t').Select(v => long.Parse(v, CultureInfo.InvariantCulture))];
        }
        catch (HttpRequestException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();
}
