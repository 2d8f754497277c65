using System.Text.Json;
using System.Text.Json.Serialization;

namespace Telemetry.Host.Backup;

/// <summary>What a backup consists of. It is written last: a folder without it is no backup.</summary>
/// <param name="Format">Layout of the backup.</param>
/// <param name="Version">Of the program that made it.</param>
/// <param name="At">The moment it shows.</param>
/// <param name="Files">All of it.</param>
internal sealed record BackupManifest(int Format, string Version, DateTimeOffset At, IReadOnlyList<BackupFile> Files)
{
    public const int FormatNow = 1;

    /// <summary>Its name in the folder of a backup or of a snapshot.</summary>
    public const string FileName = "backup.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public long Bytes => Files.Sum(f => f.Bytes);

    /// <exception cref="IOException">There is none, or one that cannot be read.</exception>
    public static BackupManifest Read(string folder)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            throw new IOException($"{folder} is no backup: there is no {FileName} in it. A backup that was broken off has none either; make it again.");
        }

        try
        {
            var manifest = JsonSerializer.Deserialize<BackupManifest>(File.ReadAllBytes(file), Json) ?? throw new JsonException("empty");
            return manifest.Format == FormatNow
                ? manifest
                : throw new IOException($"{file} has format {manifest.Format}; this version reads {FormatNow}. Restore it with version {manifest.Version}.");
        }
        catch (JsonException e)
        {
            throw new IOException($"{file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Writes it as a whole.</summary>
    public void Write(string folder)
    {
        var file = Path.Combine(folder, FileName);
        using (var stream = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(stream, this, Json);
            stream.Flush(flushToDisk: true);
        }

        File.Move(file + ".new", file, overwrite: true);
    }
}
