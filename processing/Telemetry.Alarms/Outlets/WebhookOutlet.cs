using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Secrets;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Alarms.Outlets;

/// <summary>
/// Posts each change as a signed CloudEvent. What the receiver does not take is posted again with growing pauses; what it refuses for good, or has not taken
/// after <see cref="WebhookOptions.GiveUpAfter"/>, becomes a dead letter.
/// </summary>
internal sealed class WebhookOutlet : IAsyncDisposable
{
    private static readonly ReadOnlyMemory<byte> DeadLetterKey = "telemetry.alarms.v1"u8.ToArray();

    /// <summary>Answers that say that the body is at fault: it would be refused again.</summary>
    private static readonly HashSet<HttpStatusCode> Refusals =
    [
        HttpStatusCode.BadRequest, HttpStatusCode.Gone, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnsupportedMediaType, HttpStatusCode.UnprocessableEntity,
    ];

    private readonly WebhookOptions _options;
    private readonly AlarmsOptions _alarms;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _client;
    private readonly IRecordProducer _producer;
    private readonly DeliveryRunner _runner;
    private readonly Uri _url;

    /// <exception cref="FormatException">The secret cannot be used.</exception>
    /// <exception cref="IOException">The secret cannot be read.</exception>
    public WebhookOutlet(IRecordLog log, AlarmsOptions options, TimeProvider time, ILogger logger)
    {
        (_alarms, _options, _time, _logger) = (options, options.Webhook, time, logger);
        _url = new Uri(_options.Url);
        _client = new HttpClient(new SocketsHttpHandler { ConnectTimeout = _options.Timeout, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = _options.Timeout,
        };
        ReadKey();
        _producer = log.CreateProducer(new ProducerOptions { InFlightBytesMax = 4 << 20 });
        _runner = new DeliveryRunner(log, "webhook", _options.Group, DeliverAsync, time, logger);
    }

    public void Start() => _runner.Start();

    public Task StopAsync(CancellationToken cancellationToken) => _runner.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _runner.DisposeAsync();
        await _producer.DisposeAsync();
        _client.Dispose();
    }

    /// <summary>Read for each delivery: a secret can be changed while it runs. Null: not signed.</summary>
    private byte[]? ReadKey() => _options.SecretFile.Length == 0 ? null : WebhookSignature.Key(SecretFile.Read(_options.SecretFile, "Alarms:Webhook:SecretFile"));

    private async Task DeliverAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        if (delivery.Change is not { } change)
        {
            await DeadLetterAsync(delivery, "malformed", "The record is not a change of an alarm.", cancellationToken);
            return;
        }

        if (change.Transition == AlarmTransition.Refused)
        {
            return; // Nothing happened.
        }

        var body = AlarmEvents.Write(change, new Uri(_options.Source, UriKind.RelativeOrAbsolute), out var contentType);
        var started = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var (isTaken, isRefused, problem) = await PostAsync(change.Id, body, contentType.ToString(), cancellationToken);
            if (isTaken)
            {
                AlarmsMetrics.Delivered("webhook", "taken");
                return;
            }

            AlarmsMetrics.Delivered("webhook", "failed");
            if (isRefused || _time.GetElapsedTime(started) >= _options.GiveUpAfter)
            {
                AlarmsMetrics.Delivered("webhook", "dead-lettered");
                AlarmsLog.WebhookGivenUp(_logger, change.Id, attempt, problem);
                await DeadLetterAsync(delivery, isRefused ? "webhook-refused" : "webhook-not-taken", $"{problem} ({attempt} attempts)", cancellationToken);
                return;
            }

            var pause = PauseAfter(attempt);
            if (attempt == 1)
            {
                AlarmsLog.WebhookFailed(_logger, change.Id, problem, pause);
            }

            await Task.Delay(pause, _time, cancellationToken);
        }
    }

    /// <summary>Twice as long after each attempt, with a part of it by chance, so that not all come back at once.</summary>
    private TimeSpan PauseAfter(int attempt)
    {
        var pause = Math.Min(_options.RetryDelayMax.TotalMilliseconds, _options.RetryDelay.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 30)));
        return TimeSpan.FromMilliseconds(pause * (0.75 + (Random.Shared.NextDouble() / 4)));
    }

    private async Task<(bool IsTaken, bool IsRefused, string Problem)> PostAsync(
        string id, ReadOnlyMemory<byte> body, string contentType, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ReadOnlyMemoryContent(body) };
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
            var seconds = _time.GetUtcNow().ToUnixTimeSeconds();
            request.Headers.Add("webhook-id", id);
            request.Headers.Add("webhook-timestamp", seconds.ToString(CultureInfo.InvariantCulture));
            if (ReadKey() is { } key)
            {
                request.Headers.Add("webhook-signature", WebhookSignature.Of(key, id, seconds, body.Span));
            }

            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return (response.IsSuccessStatusCode, Refusals.Contains(response.StatusCode), $"The receiver answered {(int)response.StatusCode}.");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or FormatException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (false, false, error is OperationCanceledException ? $"No answer within {_options.Timeout.TotalSeconds} s." : error.Message);
        }
    }

    private async Task DeadLetterAsync(Delivery delivery, string cause, string detail, CancellationToken cancellationToken)
    {
        var letter = new DeadLetter
        {
            Payload = ByteString.CopyFrom(delivery.Value),
            Source = LogTopics.Alarms,
            SourcePartition = delivery.Partition,
            SourceOffset = delivery.Offset,
            Cause = cause,
            Detail = detail,
            Stage = "alarms",
            RefusedAtUs = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1000,
        };
        var value = FramedMessage.Write(letter, _alarms.DeadLetterSchemaId);
        await _producer.AppendAsync(LogTopics.DeadLetters, null, DeadLetterKey, value, letter.RefusedAtUs / 1000, cancellationToken);
    }
}
