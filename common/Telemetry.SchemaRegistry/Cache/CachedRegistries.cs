using System.Text.Json;

namespace Telemetry.SchemaRegistry.Cache;

/// <summary>Which registries have a cache in a folder.</summary>
public static class CachedRegistries
{
    /// <summary>The registry whose cache was written last; null when there is none that can be read.</summary>
    /// <param name="directory">Folder of the caches.</param>
    public static Uri? FindNewest(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return null;
        }

        return new DirectoryInfo(directory).EnumerateFiles("registry-*.cache")
            .OrderByDescending(f => f.LastWriteTimeUtc)
            .Select(f => Read(f.FullName))
            .FirstOrDefault(u => u is not null);
    }

    private static Uri? Read(string path)
    {
        try
        {
            // The first line is the format's name and a checksum.
            var bytes = File.ReadAllBytes(path);
            using var content = JsonDocument.Parse(bytes.AsMemory(bytes.AsSpan().IndexOf((byte)'\n') + 1));
            return content.RootElement.TryGetProperty("Registry", out var registry)
                && Uri.TryCreate(registry.GetString(), UriKind.Absolute, out var address)
                ? address
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
