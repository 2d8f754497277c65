using System.Security.Cryptography;
using Telemetry.Edge.Security.Limits;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Edge.Security;

/// <summary>
/// Users and passwords. A password that was right once is remembered as a keyed digest under a key of this process, so that 10,000
/// reconnecting devices do not cost 10,000 slow hashes. Slow hashes are bounded in number and memory, and given out fairly.
/// </summary>
internal sealed class PasswordAuthenticator
{
    /// <summary>Addresses, users and pairs whose failures are remembered.</summary>
    private const int FailuresMax = 30_000;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly PasswordOptions _options;
    private readonly HashingQueue _queue;
    private readonly FailureBackoff _backoff;
    private UserTable _users;

    public PasswordAuthenticator(UserTable users, PasswordOptions options, TimeProvider time)
    {
        _options = options;
        _users = users;
        _queue = new HashingQueue(AtOnce(users, options));
        _backoff = new FailureBackoff(FailuresMax, time);
    }

    /// <summary>Users from now on.</summary>
    public UserTable Users
    {
        get => Volatile.Read(ref _users);
        set
        {
            _queue.SetAtOnce(AtOnce(value, _options));
            Volatile.Write(ref _users, value);
        }
    }

    /// <summary>Key of this process for digests and decoys.</summary>
    public byte[] Key => _key;

    /// <summary>Checks that wait for their turn.</summary>
    public int Waiting => _queue.Waiting;

    public FailureBackoff Backoff => _backoff;

    /// <summary>Compares a password with that of the user.</summary>
    public async ValueTask<AuthenticationOutcome> CheckAsync(
        string name, ReadOnlyMemory<byte> password, System.Net.EndPoint? remote, CancellationToken cancellationToken)
    {
        var users = Users;
        var user = users.Find(name);
        var digest = HMACSHA256.HashData(_key, password.Span);
        if (user?.Verified is { } known && CryptographicOperations.FixedTimeEquals(known, digest))
        {
            return AuthenticationOutcome.Accepted;
        }

        var address = SourceAddress.Of(remote);
        if (!_backoff.MayTry(address, name) || !await _queue.EnterAsync(address, name, cancellationToken))
        {
            return AuthenticationOutcome.TryLater;
        }

        try
        {
            await Task.Yield();
            // It may have failed often enough while this one waited.
            if (!_backoff.MayTry(address, name))
            {
                return AuthenticationOutcome.TryLater;
            }

            if (!(user?.Password ?? users.Decoy).Verify(password.Span) || user is null)
            {
                _backoff.Failed(address, name);
                return AuthenticationOutcome.BadCredentials;
            }
        }
        finally
        {
            _queue.Leave();
        }

        _backoff.Succeeded(address, name);
        user.Verified = digest;
        return AuthenticationOutcome.Accepted;
    }

    /// <summary>Half the cores, so that messages go on; fewer where the dearest hash would take more memory than there may be.</summary>
    private static int AtOnce(UserTable users, PasswordOptions options)
    {
        var cores = Math.Max(1, Environment.ProcessorCount / 2);
        return users.MemoryBytesMax == 0 ? cores : (int)Math.Clamp(options.HashingMemoryMax / users.MemoryBytesMax, 1, cores);
    }
}
