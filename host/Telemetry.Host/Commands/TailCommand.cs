using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;
using Telemetry.Host.Api;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary>Live values of the running platform, as they come.</summary>
internal static class TailCommand
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var device = new Option<string>("--device") { Description = "Only these devices; * stands for any characters (default: all).", DefaultValueFactory = _ => "*" };
        var sensor = new Option<string>("--sensor") { Description = "Only these sensors; * stands for any characters (default: all).", DefaultValueFactory = _ => "*" };
        var events = new Option<bool>("--events") { Description = "Anomalies and incidents too." };
        var format = new Option<string>("--format") { Description = "text (default), csv, or json: one object a line.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "csv", "json");
        var count = new Option<long?>("--count") { Description = "End after this many lines." };
        var time = new Option<string?>("--for") { Description = "End after this time, for example 30s." };
        var api = new ApiOption();
        var command = new ServiceCommand("tail", "Shows readings as they arrive, until Ctrl-C. Readings that arrive while it is not connected are not shown; series shows those.")
        {
            device, sensor, events, format, count, time,
        };
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var signals = new StopSignals(null);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, signals.Token);
            if (result.GetValue(time) is { } limit)
            {
                end.CancelAfter(DurationText.Parse(limit));
            }

            using var client = api.Connect(result);
            var view = new TailView(result.InvocationConfiguration.Output, result.GetValue(format)!)
            {
                Device = new NamePattern(result.GetValue(device)!),
                Sensor = new NamePattern(result.GetValue(sensor)!),
                Events = result.GetValue(events),
                Left = result.GetValue(count) ?? long.MaxValue,
            };
            var path = $"api/v1/live?{Exactly("device", result.GetValue(device)!)}{Exactly("sensor", result.GetValue(sensor)!)}".TrimEnd('&', '?');
            try
            {
                await FollowAsync(client, path, view, end.Token);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // That is how one stops it.
            }

            return 0;
        });
        return command;
    }

    /// <summary>The server filters by whole names; patterns are for us to match.</summary>
    private static string Exactly(string parameter, string pattern) =>
        pattern.AsSpan().ContainsAny('*', '?') ? "" : $"{parameter}={Uri.EscapeDataString(pattern)}&";

    private static async Task FollowAsync(ApiClient client, string path, TailView view, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromSeconds(1);
        var wasOpen = false;
        while (view.Left > 0)
        {
            try
            {
                using var answer = await client.OpenAsync(HttpMethod.Get, path, null, "text/event-stream", cancellationToken);
                await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
                if (wasOpen)
                {
                    await Console.Error.WriteLineAsync("Connected again.");
                }

                (wasOpen, pause) = (true, TimeSpan.FromSeconds(1));
                await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
                {
                    using var data = JsonDocument.Parse(item.Data);
                    await view.ShowAsync(item.EventType, data.RootElement);
                    if (view.Left <= 0)
                    {
                        return;
                    }
                }
            }
            catch (Exception e) when (wasOpen && e is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync(e.Message);
            }

            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"The stream has ended; connecting again in {pause.TotalSeconds:F0} s."));
            await Task.Delay(pause, cancellationToken);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }
}
