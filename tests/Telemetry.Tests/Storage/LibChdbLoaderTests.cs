using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.Tests.Storage;

public sealed class LibChdbLoaderTests
{
    [Fact]
    public void Missing_engine_says_what_to_run()
    {
        var directory = Directory.CreateTempSubdirectory();

        var error = Should.Throw<ClickHouseException>(() => LibChdbLoader.Find(null, null, directory.FullName));

        error.Message.ShouldContain("./telemetry setup");
        directory.Delete();
    }

    [Fact]
    public void Named_engine_that_is_not_there_is_an_error_and_no_other_is_taken() =>
        Should.Throw<ClickHouseException>(() => LibChdbLoader.Find("/no/such/libchdb.so", null, AppContext.BaseDirectory))
            .Message.ShouldContain("/no/such/libchdb.so");
}
