using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Processing.Settings;

/// <summary>Settings kept in a file: put in force at the start when the file has changed.</summary>
public static class SettingsFile
{
    /// <summary>What versions from a file name as their source.</summary>
    public const string Source = "file";

    /// <summary>Makes the file's content the next version, unless it is what the file said last.</summary>
    /// <returns>The new version; null: nothing has changed.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="DetectorSettingsException">It holds no settings.</exception>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    public static async Task<SettingsVersion?> ApplyAsync(
        IRecordLog log, string topic, string path, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var document = await File.ReadAllBytesAsync(path, cancellationToken);
        await using var desk = new SettingsDesk(log, topic, logger, time);
        desk.Start();
        while (true)
        {
            var book = await desk.ReadAsync(cancellationToken);
            var before = book.Versions.FirstOrDefault(version => version.Source == Source);
            if (before is not null && before.Document.Span.SequenceEqual(document))
            {
                return null;
            }

            try
            {
                return await desk.PutAsync(document, Environment.MachineName, Source, path, book.LastNumber, cancellationToken);
            }
            catch (SettingsConflictException)
            {
                // Another process has the same file: look again.
                continue;
            }
        }
    }
}
