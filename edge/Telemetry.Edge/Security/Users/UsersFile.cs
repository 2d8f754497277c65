using Telemetry.Edge.Security.Passwords;

namespace Telemetry.Edge.Security.Users;

/// <summary>
/// The file of users: one <c>name:hash</c> a line, # starts a comment. A name may have two lines, one with a password hash and one with
/// SCRAM keys; of two lines of one kind the last counts.
/// </summary>
public static class UsersFile
{
    /// <summary>Largest file that is read, in bytes.</summary>
    private const long BytesMax = 64 << 20;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Names in the file, in order, each once.</summary>
    /// <exception cref="EdgeConfigurationException">It cannot be read, or a line is wrong; the message names the line.</exception>
    public static IReadOnlyList<string> Names(string path) => [.. Read(path).Select(u => u.Name).Distinct(StringComparer.Ordinal)];

    /// <summary>Sets what is kept of a user's password, in place of all that was kept; makes the file when there is none.</summary>
    /// <returns>True when the user is new.</returns>
    /// <exception cref="EdgeConfigurationException">The file as it is cannot be read, or cannot be replaced.</exception>
    public static bool Set(string path, string name, string hash)
    {
        CheckName(name);
        StoredPassword.Parse(hash);
        var isNew = true;
        Rewrite(path, lines =>
        {
            isNew = lines.RemoveAll(l => NameOf(l) == name) == 0;
            lines.Add($"{name}:{hash}");
            return true;
        });
        return isNew;
    }

    /// <summary>Removes a user.</summary>
    /// <returns>False when there is none of that name.</returns>
    /// <exception cref="EdgeConfigurationException">The file as it is cannot be read, or cannot be replaced.</exception>
    public static bool Remove(string path, string name)
    {
        var found = false;
        Rewrite(path, lines => found = lines.RemoveAll(l => NameOf(l) == name) > 0);
        return found;
    }

    /// <summary>A name must be one that a line can hold.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0 || name != name.Trim() || name[0] == '#' || name.AsSpan().IndexOfAny(":\r\n\0") >= 0)
        {
            throw new FormatException($"'{name}' cannot be a user name: it must not be empty, begin with # or a space, end with a space, or contain a colon or a line break.");
        }
    }

    /// <summary>All lines that name a user, each checked.</summary>
    internal static List<UserLine> Read(string path)
    {
        var users = new List<UserLine>();
        var lines = ReadLines(path);
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw new EdgeConfigurationException($"UsersFile '{path}', line {i + 1}: expected 'name:hash'.");
            }

            try
            {
                users.Add(new UserLine(line[..colon], line[(colon + 1)..], StoredPassword.Parse(line[(colon + 1)..])));
            }
            catch (FormatException exception)
            {
                throw new EdgeConfigurationException(
                    $"UsersFile '{path}', line {i + 1}: the password hash of '{line[..colon]}' cannot be used: {exception.Message}", exception);
            }
        }

        return users;
    }

    private static List<string> ReadLines(string path)
    {
        try
        {
            if (new FileInfo(path).Length > BytesMax)
            {
                throw new EdgeConfigurationException($"UsersFile '{path}' is larger than {BytesMax} bytes. Remove users that are not needed.");
            }

            return [.. File.ReadLines(path)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EdgeConfigurationException($"UsersFile '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    private static string? NameOf(string line)
    {
        var text = line.Trim();
        var colon = text.Length > 0 && text[0] != '#' ? text.IndexOf(':', StringComparison.Ordinal) : -1;
        return colon > 0 ? text[..colon] : null;
    }

    /// <summary>A reader sees the old file or the new one, never a part, and nobody but the owner may read it.</summary>
    private static void Rewrite(string path, Func<List<string>, bool> change)
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
                var lines = File.Exists(target) ? ReadLines(target) : [];
                if (!change(lines))
                {
                    file.Dispose();
                    File.Delete(temporary);
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
                $"UsersFile '{path}' cannot be changed: {exception.Message} If '{temporary}' was left behind by a crash, remove it.", exception);
        }
    }
}

/// <summary>One line of the users file.</summary>
/// <param name="Name">User name.</param>
/// <param name="Text">What is kept of the password, as written.</param>
/// <param name="Stored">The same, read.</param>
internal sealed record UserLine(string Name, string Text, StoredPassword Stored);
