using Telemetry.Edge.Security.Passwords;

namespace Telemetry.Edge.Security.Users;

/// <summary>
/// The file of users: one <c>name:hash</c> a line, # starts a comment. A name may have two lines, one with a password hash and one with
/// SCRAM keys; of two lines of one kind the last counts. A line <c>name:@role=...</c> (<see cref="UserAccess"/>) says what the user may do over HTTP, and
/// whether MQTT takes it too; a user without one is a user of MQTT only.
/// </summary>
public static class UsersFile
{
    /// <summary>Names in the file, in order, each once.</summary>
    /// <exception cref="EdgeConfigurationException">It cannot be read, or a line is wrong; the message names the line.</exception>
    public static IReadOnlyList<string> Names(string path)
    {
        var content = ReadAll(path);
        return [.. content.Passwords.Select(u => u.Name).Concat(content.Access.Keys).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>What each user may do over HTTP; users without a role are not in it.</summary>
    /// <exception cref="EdgeConfigurationException">It cannot be read, or a line is wrong; the message names the line.</exception>
    public static IReadOnlyDictionary<string, UserAccess> Access(string path) => ReadAll(path).Access;

    /// <summary>True when something is kept of this user's password.</summary>
    /// <exception cref="EdgeConfigurationException">There is a file that cannot be read, or a line is wrong; the message names the line.</exception>
    public static bool HasPassword(string path, string name) => File.Exists(path) && ReadAll(path).Passwords.Any(u => u.Name == name);

    /// <summary>Names that MQTT takes: of all users but those that have a role and are not meant for MQTT.</summary>
    /// <exception cref="EdgeConfigurationException">It cannot be read, or a line is wrong; the message names the line.</exception>
    public static IReadOnlyList<string> MqttNames(string path)
    {
        var content = ReadAll(path);
        return [.. content.Passwords.Select(u => u.Name).Where(content.IsForMqtt).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Sets what a user may do over HTTP; the password stays. Makes the file when there is none.</summary>
    /// <returns>True when the user is new.</returns>
    /// <exception cref="EdgeConfigurationException">The file as it is cannot be read, or cannot be replaced.</exception>
    public static bool SetAccess(string path, string name, UserAccess access)
    {
        CheckName(name);
        ArgumentNullException.ThrowIfNull(access);
        var isNew = true;
        Rewrite(path, lines =>
        {
            isNew = !lines.Exists(l => NameOf(l) == name);
            lines.RemoveAll(l => IsAccess(l) && NameOf(l) == name);
            lines.Add($"{name}:{access}");
            return true;
        });
        return isNew;
    }

    /// <summary>Sets what is kept of a user's password, in place of all that was kept; makes the file when there is none. The role stays.</summary>
    /// <returns>True when the user is new.</returns>
    /// <exception cref="EdgeConfigurationException">The file as it is cannot be read, or cannot be replaced.</exception>
    public static bool Set(string path, string name, string hash)
    {
        CheckName(name);
        StoredPassword.Parse(hash);
        var isNew = true;
        Rewrite(path, lines =>
        {
            isNew = !lines.Exists(l => NameOf(l) == name);
            lines.RemoveAll(l => !IsAccess(l) && NameOf(l) == name);
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
    internal static UsersFileContent ReadAll(string path)
    {
        var users = new List<UserLine>();
        var access = new Dictionary<string, UserAccess>(StringComparer.Ordinal);
        var lines = OwnerOnlyFile.ReadLines(path, nameof(UsersFile));
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
                if (line[(colon + 1)..].StartsWith(UserAccess.Mark, StringComparison.Ordinal))
                {
                    access[line[..colon]] = UserAccess.Parse(line[(colon + 1)..]);
                }
                else
                {
                    users.Add(new UserLine(line[..colon], line[(colon + 1)..], StoredPassword.Parse(line[(colon + 1)..])));
                }
            }
            catch (FormatException exception)
            {
                throw new EdgeConfigurationException(
                    $"UsersFile '{path}', line {i + 1}: the password hash or role of '{line[..colon]}' cannot be used: {exception.Message}", exception);
            }
        }

        return new UsersFileContent(users, access);
    }

    private static bool IsAccess(string line) => line.Trim() is var text && text.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
        && text[(colon + 1)..].StartsWith(UserAccess.Mark, StringComparison.Ordinal);

    private static string? NameOf(string line)
    {
        var text = line.Trim();
        var colon = text.Length > 0 && text[0] != '#' ? text.IndexOf(':', StringComparison.Ordinal) : -1;
        return colon > 0 ? text[..colon] : null;
    }

    private static void Rewrite(string path, Func<List<string>, bool> change) => OwnerOnlyFile.Rewrite(path, nameof(UsersFile), change);
}

/// <summary>One line of the users file.</summary>
/// <param name="Name">User name.</param>
/// <param name="Text">What is kept of the password, as written.</param>
/// <param name="Stored">The same, read.</param>
internal sealed record UserLine(string Name, string Text, StoredPassword Stored);

/// <summary>What a users file says.</summary>
/// <param name="Passwords">Lines with something kept of a password.</param>
/// <param name="Access">Roles, by user.</param>
internal sealed record UsersFileContent(IReadOnlyList<UserLine> Passwords, IReadOnlyDictionary<string, UserAccess> Access)
{
    /// <summary>False for a user that has a role and is not meant for MQTT.</summary>
    public bool IsForMqtt(string name) => Access.GetValueOrDefault(name) is not { Mqtt: false };
}
