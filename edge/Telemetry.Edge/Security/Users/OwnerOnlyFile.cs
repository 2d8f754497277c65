namespace Telemetry.Edge.Security.Users;

/// <summary>A small file of lines that only its owner may read, and that is replaced whole.</summary>
public static class OwnerOnlyFile
{
    /// <summary>Largest file that is read, in bytes.</summary>
    private const long BytesMax = 64 << 20;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Changes the lines. A reader sees the old file or the new one, never a part, and nobody but the owner may read it.</summary>
    /// <param name="path">The file; made when there is none.</param>
    /// <param name="what">The setting that names it, for messages.</param>
    /// <param name="change">Changes the lines; false leaves the file as it is.</param>
    /// <exception cref="EdgeConfigurationException">The file as it is cannot be read, or cannot be replaced.</exception>
    public static void Rewrite(string path, string what, Func<List<string>, bool> change)
    {
        // Through a link to the file itself: the link stays.
        var target = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(path);
        var temporary = target + ".new";
        try
        {
            // Held until it is renamed: of two that change the file at once the second fails instead of undoing the first.
            var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                create.UnixCreateMode = OwnerOnly;
            }

            using (var file = new FileStream(temporary, create))
            {
                List<string>? lines = null;
                try
                {
                    var found = File.Exists(target) ? ReadLines(target, what) : [];
                    lines = change(found) ? found : null;
                }
                finally
                {
                    if (lines is null)
                    {
                        file.Dispose();
                        File.Delete(temporary);
                    }
                }

                if (lines is null)
                {
                    return;
                }

                using var writer = new StreamWriter(file, leaveOpen: true) { NewLine = "\n" };
                lines.ForEach(writer.WriteLine);
                writer.Flush();
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EdgeConfigurationException(
                $"{what} '{path}' cannot be changed: {exception.Message} If '{temporary}' was left behind by a crash, remove it.", exception);
        }
    }

    internal static List<string> ReadLines(string path, string what)
    {
        try
        {
            if (new FileInfo(path).Length > BytesMax)
            {
                throw new EdgeConfigurationException($"{what} '{path}' is larger than {BytesMax} bytes. Remove what is not needed.");
            }

            return [.. File.ReadLines(path)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EdgeConfigurationException($"{what} '{path}' cannot be read: {exception.Message}", exception);
        }
    }
}
