using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>The journal passes the contract.</summary>
public sealed class JournalContractTests : RecordLogContract
{
    private readonly string _directory = Directory.CreateTempSubdirectory("journal-contract-").FullName;

    protected override ValueTask<IRecordLog> OpenAsync() => new(JournalLog.Open(
        new JournalOptions { Directory = _directory, FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System));

    protected override async ValueTask CloseAsync(IRecordLog log)
    {
        await log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
