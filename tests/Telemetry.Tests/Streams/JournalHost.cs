using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>A journal in a directory of its own.</summary>
public sealed class JournalHost : IRecordLogHost
{
    private readonly string _directory = Directory.CreateTempSubdirectory("journal-contract-").FullName;

    public TimeSpan QuietTime => TimeSpan.Zero;

    public TimeSpan Patience => TimeSpan.FromSeconds(30);

    public ValueTask<IRecordLog> OpenAsync() => new(JournalLog.Open(
        new JournalOptions { Directory = _directory, FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System));

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}
