using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Http;

namespace Telemetry.IntegrationTests.ClickHouseServer;

/// <summary>The contract over the engine in this process.</summary>
[Collection(EngineFixture.Collection)]
public sealed class EmbeddedContractTests(EngineFixture fixture) : ClickHouseContract(fixture)
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override ValueTask<IClickHouse> OpenAsync() => ValueTask.FromResult<IClickHouse>(Fixture.Engine);
}

/// <summary>The contract over HTTP.</summary>
[Collection(EngineFixture.Collection)]
public class HttpContractTests(EngineFixture fixture) : ClickHouseContract(fixture)
{
    private Endpoint _endpoint = null!;

    protected virtual bool Compression => false;

    public override async ValueTask DisposeAsync()
    {
        await ClickHouse.DisposeAsync();
        await _endpoint.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected override async ValueTask<IClickHouse> OpenAsync()
    {
        _endpoint = await Endpoint.StartAsync(Fixture);
        return new ClickHouseHttp(new ClickHouseHttpOptions { Endpoint = _endpoint.Url, Compression = Compression }, NullLoggerFactory.Instance);
    }

    [Fact]
    public async Task Insert_given_up_by_its_caller_has_ended_before_the_next_statement_runs()
    {
        var table = await CreateAsync("a UInt64");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var insert = ClickHouse.InsertAsync(SlowInsert.Into(table), SlowInsert.Structure, SlowInsert.Rows, cancel.Token).AsTask();
        await UntilAsync(table, running: true);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => insert);

        await ClickHouse.ExecuteAsync(new ClickHouseQuery("SELECT 1"), Token);

        (await RunningAsync(table)).ShouldBeEmpty();
        (await CountAsync(table)).ShouldBe("0\n");
    }
}

/// <summary>The contract over HTTP with compressed results.</summary>
[Collection(EngineFixture.Collection)]
public sealed class CompressedHttpContractTests(EngineFixture fixture) : HttpContractTests(fixture)
{
    protected override bool Compression => true;
}
