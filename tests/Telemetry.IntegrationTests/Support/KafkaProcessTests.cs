using System.Text.Json;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Support;

/// <summary>
/// Tests of real processes over a Kafka broker of their own, because topics have fixed names, with a folder that goes with the test. Skipped with the reason where
/// no broker is to be had.
/// </summary>
public abstract class KafkaProcessTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private KafkaCluster? _kafka;

    /// <summary>Folder of the test's data.</summary>
    protected string Data { get; } = Directory.CreateTempSubdirectory("telemetry-over-kafka-").FullName;

    /// <summary>The broker.</summary>
    internal KafkaCluster Kafka => _kafka!;

    /// <summary>One process of what the supervisor writes about its processes.</summary>
    protected static JsonElement Role(JsonElement instance, string name) =>
        instance.GetProperty("roles").EnumerateArray().Single(r => r.GetProperty("name").GetString() == name);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (KafkaCluster.MissingReason(own: true) is { } missing)
        {
            Assert.Skip(missing);
        }

        _kafka = await KafkaCluster.StartAsync(1);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_kafka is not null)
        {
            await _kafka.DisposeAsync();
        }

        Directory.Delete(Data, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Waits until something is so.</summary>
    /// <param name="wanted">Asked again and again.</param>
    /// <param name="otherwise">What is wrong when it is not within the test's patience.</param>
    protected static async Task WaitAsync(Func<Task<bool>> wanted, string otherwise)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        while (!await wanted())
        {
            limit.IsCancellationRequested.ShouldBeFalse(otherwise);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until what <c>up --roles-apart</c> over <see cref="Data"/> writes about its processes is as wanted.</summary>
    private protected async Task<JsonElement> InstanceAsync(TelemetryProcess up, Func<JsonElement, bool> wanted)
    {
        using var limit = new CancellationTokenSource(Patience);
        var file = Path.Combine(Data, "instance.json");
        while (true)
        {
            up.HasExited.ShouldBeFalse(up.Errors);
            if (File.Exists(file))
            {
                try
                {
                    using var document = JsonDocument.Parse(await File.ReadAllTextAsync(file, limit.Token));
                    if (wanted(document.RootElement))
                    {
                        return document.RootElement.Clone();
                    }
                }
                catch (JsonException)
                {
                    // Being written; looked at again.
                }
            }

            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary><c>telemetry audit</c> over <see cref="Data"/>, which finds no difference.</summary>
    /// <param name="more">Further flags.</param>
    /// <returns>Its report.</returns>
    private protected async Task<JsonElement> AuditCleanAsync(params string[] more)
    {
        var (code, output, errors) = await TelemetryProcess.RunAsync(["audit", "--kafka", Kafka.BootstrapServers, "--data", Data, "--json", .. more]);

        code.ShouldBe(0, output + errors);
        using var audit = JsonDocument.Parse(output);
        var root = audit.RootElement.Clone();
        root.GetProperty("raw").GetInt64().ShouldBe(root.GetProperty("log").GetInt64());
        root.GetProperty("lost").GetInt64().ShouldBe(0);
        root.GetProperty("doubled").GetInt64().ShouldBe(0);
        root.GetProperty("unexplained").GetInt64().ShouldBe(0);
        return root;
    }
}
