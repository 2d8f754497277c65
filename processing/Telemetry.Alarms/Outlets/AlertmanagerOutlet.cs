using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Secrets;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Alarms.Outlets;

/// <summary>
/// Keeps Alertmanagers told of the alarms that are active, from their state topic. It is told states and not changes, so nothing has to be queued while it is
/// away: when it is back it gets what is so then. Several processes share the partitions.
/// </summary>
internal sealed class AlertmanagerOutlet : IAssignmentListener, IAsyncDisposable
{
    private const int AlertsPerPost = 256;
    private const int RecordsMax = 2000;
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    private readonly IRecordLog _log;
    private readonly AlertmanagerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _client;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, int> _partitionOf = [];
    private readonly Dictionary<TopicPartition, long> _ends = [];
    private AlertmanagerAlerts _alerts;
    private Task _loop = Task.CompletedTask;

    public AlertmanagerOutlet(IRecordLog log, AlertmanagerOptions options, TimeProvider time, ILogger logger)
    {
        (_log, _options, _time, _logger) = (log, options, time, logger);
        _alerts = NewAlerts();
        _client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = options.Timeout };
    }

    public void Start() => _loop = Task.Factory.StartNew(
        () => LogFollower.RunAsync(
            FollowAsync, (error, pause) => AlarmsLog.OutletFailed(_logger, "alertmanager", pause, error), Restart, _time, _stop.Token),
        CancellationToken.None,
        TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Current).Unwrap();

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _client.Dispose();
        _stop.Dispose();
    }

    /// <summary>Each partition is read from its beginning: what counts is the state as it is.</summary>
    public async ValueTask AssignedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        foreach (var partition in partitions)
        {
            var (low, high) = await _log.QueryOffsetsAsync(partition, cancellationToken);
            consumer.Seek(partition, low);
            _ends[partition] = high;
        }
    }

    public ValueTask RevokedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) =>
        LostAsync(consumer, partitions, cancellationToken);

    public ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        foreach (var partition in partitions)
        {
            _ends.Remove(partition);
            _alerts.Forget(id => _partitionOf.GetValueOrDefault(id, -1) == partition.Partition);
        }

        return ValueTask.CompletedTask;
    }

    private AlertmanagerAlerts NewAlerts() =>
        new(_options.ResendInterval, _options.KeepResolved, _options.ConsoleUrl.Length == 0 ? null : new Uri(_options.ConsoleUrl));

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        _alerts = NewAlerts();
        _partitionOf.Clear();
        _ends.Clear();
        await using var consumer = _log.CreateConsumer(new ConsumerOptions { Group = _options.Group, Topics = [LogTopics.AlarmState], AssignmentListener = this });
        var (resentAt, failures, retryAt) = (0L, 0, 0L);
        while (!cancellationToken.IsCancellationRequested)
        {
            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                Take(records[i]);
            }

            // What was there before is read to its end first, or an alarm that is over would fire for a moment.
            if (_ends.Any(end => consumer.Position(end.Key) < end.Value) || (retryAt != 0 && _time.GetTimestamp() < retryAt))
            {
                continue;
            }

            var all = resentAt == 0 || _time.GetElapsedTime(resentAt) >= _options.ResendInterval;
            if (!all && !_alerts.HasNews)
            {
                continue;
            }

            if (await SendAsync(_alerts.Take(all, _time.GetUtcNow()), cancellationToken))
            {
                (failures, retryAt, resentAt) = (0, 0, all ? _time.GetTimestamp() : resentAt);
            }
            else
            {
                var pause = TimeSpan.FromMilliseconds(Math.Min(30_000, 500 * Math.Pow(2, Math.Min(failures++, 10))));
                retryAt = _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency);
                AlarmsLog.AlertmanagerFailed(_logger, _alerts.Firing, pause);
            }
        }
    }

    private void Take(in LogRecord record)
    {
        var key = record.Key.Span;
        if (key.IsEmpty || key[0] != (byte)'a')
        {
            return;
        }

        var id = Encoding.UTF8.GetString(key[(key.LastIndexOf((byte)'/') + 1)..]);
        _partitionOf[id] = record.Partition;
        if (record.Value.IsEmpty)
        {
            _alerts.Set(id, null, _time.GetUtcNow());
            _partitionOf.Remove(id);
            return;
        }

        try
        {
            _alerts.Set(id, AlarmState.Parser.ParseFrom(record.Value.Span).Alarm, _time.GetUtcNow());
        }
        catch (InvalidProtocolBufferException)
        {
            // The keeper that reads it at its next start says so.
        }
    }

    /// <summary>True: every Alertmanager but perhaps some took them; they tell one another.</summary>
    private async Task<bool> SendAsync(List<AlertmanagerAlerts.Alert> alerts, CancellationToken cancellationToken)
    {
        foreach (var chunk in alerts.Chunk(AlertsPerPost))
        {
            var body = _alerts.Write(chunk, _time.GetUtcNow());
            var taken = await Task.WhenAll(_options.Urls.Select(url => PostAsync(new Uri(url), body, cancellationToken)));
            if (!taken.Contains(true))
            {
                return false;
            }

            AlertmanagerAlerts.Sent(chunk);
        }

        return true;
    }

    private async Task<bool> PostAsync(Uri url, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{url.ToString().TrimEnd('/')}/api/v2/alerts")) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (_options.AuthorizationFile.Length > 0)
            {
                request.Headers.TryAddWithoutValidation("Authorization", SecretFile.Read(_options.AuthorizationFile, "Alarms:Alertmanager:AuthorizationFile"));
            }

            using var response = await _client.SendAsync(request, cancellationToken);
            AlarmsMetrics.Delivered("alertmanager", response.IsSuccessStatusCode ? "taken" : "failed");
            if (!response.IsSuccessStatusCode)
            {
                AlarmsLog.AlertmanagerRefused(_logger, url, (int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
            }

            return response.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            AlarmsMetrics.Delivered("alertmanager", "failed");
            return false;
        }
    }
}
