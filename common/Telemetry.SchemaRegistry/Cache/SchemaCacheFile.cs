using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Telemetry.SchemaRegistry.Cache;

/// <summary>
/// Ids and schemas of one registry on disk, so that a start needs no registry. One line names format, version and SHA-256
/// of the rest, the rest is JSON. Replaced whole by a rename, after what is there has been read again and merged: processes
/// that share a folder lose at worst a word of each other's that they can ask for again. A file that is damaged, of another
/// version or of another registry is as good as none.
/// </summary>
internal sealed class SchemaCacheFile(string directory, string registry, int schemasMax, ILogger logger)
{
    private const string Head = "telemetry-schemas 1 ";
    private const int BytesMax = 64 << 20;

    private readonly Lock _gate = new();

    public string Path { get; } = System.IO.Path.Combine(
        directory, $"registry-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(registry)))[..16]}.cache");

    /// <summary>What is there; nothing when there is nothing of use.</summary>
    public CachedSchemas Load()
    {
        try
        {
            return !File.Exists(Path) ? CachedSchemas.Empty : Parse(ReadAll());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            Log.CacheUnreadable(logger, Path, e.Message);
            return CachedSchemas.Empty;
        }
    }

    /// <summary>Keeps what is known. A disk that refuses is told of, and nothing else: the cache is a convenience.</summary>
    public void Save(CachedSchemas known)
    {
        lock (_gate)
        {
            var temporary = $"{Path}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
            try
            {
                Directory.CreateDirectory(directory);
                var body = JsonSerializer.SerializeToUtf8Bytes(new Content(registry, known.Over(Load(), schemasMax)));
                using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
                {
                    file.Write(Encoding.ASCII.GetBytes(Head + Convert.ToHexStringLower(SHA256.HashData(body)) + "\n"));
                    file.Write(body);
                    file.Flush(flushToDisk: true);
                }

                File.Move(temporary, Path, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.CacheUnwritable(logger, Path, e.Message);
                DeleteQuietly(temporary);
            }
        }
    }

    private byte[] ReadAll()
    {
        if (new FileInfo(Path).Length > BytesMax)
        {
            throw new FormatException($"it is larger than {BytesMax} bytes");
        }

        return File.ReadAllBytes(Path);
    }

    private CachedSchemas Parse(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf((byte)'\n');
        if (end < 0 || !bytes.AsSpan().StartsWith(Encoding.ASCII.GetBytes(Head)))
        {
            throw new FormatException("it is not a schema cache of version 1");
        }

        var body = bytes.AsSpan(end + 1);
        if (Encoding.ASCII.GetString(bytes.AsSpan(Head.Length, end - Head.Length)) != Convert.ToHexStringLower(SHA256.HashData(body)))
        {
            throw new FormatException("its checksum is wrong");
        }

        var content = JsonSerializer.Deserialize<Content>(body);
        return content is { Schemas: { Registered: not null, Texts: not null } } && content.Registry == registry
            ? content.Schemas
            : throw new FormatException("it is of another registry");
    }

    private static void DeleteQuietly(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder refuses everything; that has been said.
            return;
        }
    }

    private sealed record Content(string Registry, CachedSchemas Schemas);
}
