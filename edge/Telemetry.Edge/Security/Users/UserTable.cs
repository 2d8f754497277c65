using Telemetry.Edge.Security.Passwords;

namespace Telemetry.Edge.Security.Users;

/// <summary>All users at one time. Immutable: a reload makes another one.</summary>
internal sealed class UserTable
{
    private readonly Dictionary<string, User> _users;

    private UserTable(Dictionary<string, User> users)
    {
        _users = users;
        MemoryBytesMax = users.Values.Select(u => u.Password.MemoryBytes).DefaultIfEmpty(0).Max();
        // Unknown names cost as much as known ones.
        Decoy = users.Values.FirstOrDefault()?.Password ?? StoredPassword.Parse(PasswordHash.Create([], 1_000));
        ScramIterations = users.Values.FirstOrDefault(u => u.Scram is not null)?.Scram!.Iterations ?? ScramKeys.IterationsMin;
    }

    public int Count => _users.Count;

    /// <summary>Memory of the dearest hash, in bytes.</summary>
    public long MemoryBytesMax { get; }

    /// <summary>What a password is compared with when there is no such user.</summary>
    public StoredPassword Decoy { get; }

    /// <summary>Iterations that an unknown user is told in SCRAM.</summary>
    public int ScramIterations { get; }

    /// <summary>True when a user has SCRAM keys.</summary>
    public bool HasScram => _users.Values.Any(u => u.Scram is not null);

    /// <summary>Reads users from the options and from their file.</summary>
    /// <param name="options">Where they are.</param>
    /// <param name="previous">Users that did not change keep what was verified.</param>
    /// <exception cref="EdgeConfigurationException">Something cannot be read, or a hash needs more memory than all hashes together may.</exception>
    /// <param name="forHttp">True: users that have a role. False: users of MQTT.</param>
    public static UserTable Load(EdgeOptions options, UserTable? previous = null, bool forHttp = false)
    {
        var users = new Dictionary<string, User>(StringComparer.Ordinal);
        for (var i = 0; !forHttp && i < options.Users.Length; i++)
        {
            var user = options.Users[i];
            try
            {
                Add(users, new UserLine(user.Name, user.PasswordHash, StoredPassword.Parse(user.PasswordHash)));
            }
            catch (FormatException exception)
            {
                throw new EdgeConfigurationException(
                    $"Users[{i}]: the password hash of '{user.Name}' cannot be used: {exception.Message}", exception);
            }
        }

        var content = options.UsersFile is { Length: > 0 } file ? UsersFile.ReadAll(file) : null;
        foreach (var line in content?.Passwords.Where(l => forHttp ? content.Access.ContainsKey(l.Name) : content.IsForMqtt(l.Name)) ?? [])
        {
            Add(users, line);
        }

        foreach (var user in users.Values)
        {
            var memory = user.Password.MemoryBytes;
            if (memory > options.Passwords.HashingMemoryMax)
            {
                throw new EdgeConfigurationException(
                    $"The password hash of '{user.Name}' takes {memory} bytes, more than Passwords:HashingMemoryMax ({options.Passwords.HashingMemoryMax}) allows. "
                    + "Raise it, or hash with less memory.");
            }

            if (previous?.Find(user.Name) is { } before && before.Text == user.Text)
            {
                user.Verified = before.Verified;
            }
        }

        return new UserTable(users) { Access = content?.Access ?? new Dictionary<string, UserAccess>() };
    }

    /// <summary>Roles of the file, by user.</summary>
    public IReadOnlyDictionary<string, UserAccess> Access { get; private init; } = new Dictionary<string, UserAccess>();

    public User? Find(string name) => _users.GetValueOrDefault(name);

    private static void Add(Dictionary<string, User> users, UserLine line)
    {
        users.TryGetValue(line.Name, out var user);
        users[line.Name] = line.Stored is ScramKeys scram
            ? new User(user is { Password: not ScramKeys } ? user.Password : scram, scram, $"{user?.Text}\n{line.Text}")
            : new User(line.Stored, user?.Scram, $"{user?.Text}\n{line.Text}");
        users[line.Name].Name = line.Name;
    }
}

/// <summary>One user.</summary>
/// <param name="password">Checks a password.</param>
/// <param name="scram">Keys for SCRAM, when there are some.</param>
/// <param name="text">All that was written, to tell whether it changed.</param>
internal sealed class User(StoredPassword password, ScramKeys? scram, string text)
{
    private byte[]? _verified;

    public string Name { get; set; } = "";

    public StoredPassword Password { get; } = password;

    public ScramKeys? Scram { get; } = scram;

    public string Text { get; } = text;

    /// <summary>Keyed digest of the password that was right last time; null before.</summary>
    public byte[]? Verified
    {
        get => Volatile.Read(ref _verified);
        set => Volatile.Write(ref _verified, value);
    }
}
