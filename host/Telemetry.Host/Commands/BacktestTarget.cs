using System.Text;
using System.Text.Json;
using Telemetry.Host.Api;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Detection;
using Telemetry.Processing.Settings;

namespace Telemetry.Host.Commands;

/// <summary>Where settings that a backtest tried are put in force.</summary>
/// <param name="file">The document that was tried; null: detectors were.</param>
/// <param name="device">Devices the detectors are for; null: all.</param>
/// <param name="sensor">Sensors they are for; null: all.</param>
/// <param name="api">The API; null: that of the running instance, or the log where none runs.</param>
internal sealed class BacktestTarget(string? file, string? device, string? sensor, Uri? api)
{
    private const string Source = "backtest";

    /// <summary>Puts them in force.</summary>
    /// <returns>The new version.</returns>
    /// <exception cref="IOException">Refused; the message says why.</exception>
    public async Task<int> ApplyAsync(
        TelemetryOptions options, DetectorSettings tried, string comment, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var address = api ?? (InstanceFile.IsRunning(options) ? InstanceFile.FindApi(options) : null);
        if (address is not null)
        {
            using var client = new DetectorClient(new ApiClient(address, TokenOption.Of(null)));
            var now = await client.ShowAsync(cancellationToken);
            var document = Make(Encoding.UTF8.GetBytes(now.GetProperty("document").GetString()!), tried);
            return Number(await client.PutAsync(document, Number(now), Source, comment, cancellationToken));
        }

        await using var log = RecordLogs.Open(options, logging);
        var topic = options.Processing.SettingsTopic;
        await log.EnsureTopicsAsync([.. Topics.Catalogue(options.Log).Where(spec => spec.Name == topic)], cancellationToken);
        await using var desk = new SettingsDesk(log, topic, logging.CreateLogger<SettingsDesk>(), TimeProvider.System);
        desk.Start();
        var book = await desk.ReadAsync(cancellationToken);
        var before = book.Find(book.LastNumber)?.Document ?? "{}"u8.ToArray();
        var version = await desk.PutAsync(Make(before, tried), Environment.UserName, Source, comment, book.LastNumber, cancellationToken);
        return version.Number;
    }

    private byte[] Make(ReadOnlyMemory<byte> before, DetectorSettings tried) => file is not null
        ? File.ReadAllBytes(file)
        : AppliedSettings.With(before, device, sensor, tried.Rules[0].Detectors!);

    private static int Number(JsonElement version) => version.GetProperty("version").GetInt32();
}
