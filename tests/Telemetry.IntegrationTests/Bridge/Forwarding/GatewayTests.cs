using System.Globalization;
using Telemetry.IntegrationTests.Bridge.Upstream;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Bridge.Forwarding;

/// <summary>A gateway process in front of a whole central platform, over MQTT.</summary>
[Collection("processes")]
public sealed class GatewayTests : IDisposable
{
    /// <summary>What a gateway may take, all in all.</summary>
    internal const int MemoryMax = 256 << 20;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-gateway-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_devices_sent_while_the_central_platform_was_away_arrives_once_and_the_gateway_stays_small()
    {
        const int Devices = 20;
        const int Each = 400;
        var (central, mqtt, http) = (FreePorts.Find(), FreePorts.Find(), FreePorts.Find());
        var data = Path.Combine(_folder.FullName, "central");
        TelemetryProcess StartCentral() => TelemetryProcess.Start(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", data, "--mqtt-port", $"{central}", "--http-port", "0");
        TelemetryProcess StartGateway() => TelemetryProcess.Start(
            "gateway", "--central", $"mqtt://127.0.0.1:{central}", "--data", Path.Combine(_folder.FullName, "gateway"), "--mqtt-port", $"{mqtt}",
            "--http-port", $"{http}", "--instance", "plant-7", "--set", "Gateway:ReconnectPauseMax=1s");
        async Task PublishAsync(int first) => await Task.WhenAll(
            Enumerable.Range(0, Devices).Select(d => UpstreamLab.PublishAsync(mqtt, $"press-{d}", first, Each)));

        var platform = StartCentral();
        try
        {
            await platform.WaitForPortAsync(central);
            await using (var gateway = StartGateway())
            {
                await gateway.WaitForPortAsync(mqtt);
                await PublishAsync(1);
                platform.Kill();
                await platform.WaitAsync();
                await platform.DisposeAsync();
                await PublishAsync(Each + 1);
                await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records > Devices * Each / 2);

                var (_, waits, _) = await TelemetryProcess.RunAsync("lag", "--peer", $"http://127.0.0.1:{http}/", "--data", Path.Combine(_folder.FullName, "none"));
                waits.ShouldContain($"store and forward, http://127.0.0.1:{http}/: ");
                waits.ShouldNotContain(": 0 records");

                // The gateway loses its power with that backlog.
                MemoryHighWater.Of(gateway.Id).ShouldBeLessThan(MemoryMax);
                gateway.Kill();
                await gateway.WaitAsync();
            }

            var (seen, left, problem) = await TelemetryProcess.RunAsync(
                "lag", "--json", "--data", Path.Combine(_folder.FullName, "gateway"), "--set", "Log:StoreAndForward:Enabled=true");
            seen.ShouldBe(0, problem);
            using (var look = System.Text.Json.JsonDocument.Parse(left))
            {
                look.RootElement.GetProperty("forward")[0].GetProperty("records").GetInt64().ShouldBeGreaterThan(Devices * Each / 2);
            }

            platform = StartCentral();
            await platform.WaitForPortAsync(central);
            await using (var gateway = StartGateway())
            {
                await gateway.WaitForPortAsync(mqtt);
                await PublishAsync((2 * Each) + 1);
                await UpstreamLab.UntilMetricAsync(http, "telemetry_forward_backlog_records", records => records == 0);
                var memory = MemoryHighWater.Of(gateway.Id);
                TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gateway: at most {memory / 1e6:F0} MB resident"));
                memory.ShouldBeLessThan(MemoryMax);
                gateway.Terminate();
                (await gateway.WaitAsync()).ShouldBe(0, gateway.Errors);
            }

            platform.Terminate();
            (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        }
        finally
        {
            await platform.DisposeAsync();
        }

        // On the central log copies are allowed, of the same event id; what is stored is checked against it: no copy is.
        var ids = await UpstreamLab.ReadLogAsync(data);
        TestContext.Current.TestOutputHelper?.WriteLine($"{ids.Count} records, {ids.Distinct().Count()} readings");
        for (var device = 0; device < Devices; device++)
        {
            ids.Where(id => id.Device == $"press-{device}").Distinct().ShouldBe(UpstreamLab.Ids($"press-{device}", 3 * Each));
        }

        var (code, output, errors) = await TelemetryProcess.RunAsync("replay", "--data", data, "--from", "1h", "--json");
        code.ShouldBe(0, output + errors);
        using var replay = System.Text.Json.JsonDocument.Parse(output);
        replay.RootElement.GetProperty("stored").GetInt64().ShouldBe(3 * Each * Devices);
    }

    [Theory]
    [InlineData]
    [InlineData("--kafka", "127.0.0.1:1", "--central", "mqtt://127.0.0.1:1")]
    public async Task Gateway_forwards_to_one_place(params string[] places)
    {
        var (code, _, errors) = await TelemetryProcess.RunAsync(["gateway", "--data", _folder.FullName, "--mqtt-port", "0", "--http-port", "0", .. places]);

        code.ShouldBe(2, errors);
        errors.ShouldContain("--central mqtt://HOST:PORT");
    }
}
