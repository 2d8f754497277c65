using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Edge;
using Telemetry.Edge.Security;
using Telemetry.Edge.Security.Limits;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;
using Telemetry.Tests.Mqtt;

namespace Telemetry.Tests.Edge;

public sealed class PasswordTests : IDisposable
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.1");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-users-");

    private string File_ => Path.Combine(_folder.FullName, "users");

    public static TheoryData<string, string> UnsafeHashes => new()
    {
        { "", "empty" },
        { "pbkdf2-sha256$1000$AAAAAAAAAAAAAAAAAAAAAA==$", "hash has 0 bytes" },
        { "pbkdf2-sha256$1000$$AAAAAAAAAAAAAAAAAAAAAA==", "salt has 0 bytes" },
        { "pbkdf2-sha256$1000$AAAAAAAAAAA=$AAAA", "hash has 3 bytes" },
        { "pbkdf2-sha256$1$AAAAAAAAAAA=$AAAAAAAAAAAAAAAAAAAAAA==", "iterations is '1'" },
        { "pbkdf2-sha256$1000$AAAAAAAAAAA=", "must look like" },
        { "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$", "hash has 0 bytes" },
        { "$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "m (KiB of memory)" },
        { "$argon2id$v=16$m=64,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "must look like" },
        { "SCRAM-SHA-256$4096:AAAAAAAAAAA=$:", "key has 0 bytes" },
        { "SCRAM-SHA-256$100:AAAAAAAAAAA=$AAAA:AAAA", "" },
        { "plain", "begins with" },
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(UnsafeHashes))]
    public void Hash_that_any_password_or_none_would_fit_is_refused_at_start_with_its_line(string hash, string says)
    {
        File.WriteAllText(File_, $"# people\n\nann:{PasswordHash.Create("x"u8, 1_000)}\nbob:{hash}\n");
        var error = Should.Throw<EdgeConfigurationException>(() => UserTable.Load(new EdgeOptions { UsersFile = File_ }));
        error.Message.ShouldContain("line 4");
        error.Message.ShouldContain("'bob'");
        error.Message.ShouldContain(says);
        Should.Throw<EdgeConfigurationException>(() => UserTable.Load(new EdgeOptions { Users = [new() { Name = "bob", PasswordHash = hash }] }))
            .Message.ShouldContain("Users[0]");
    }

    [Fact]
    public void Each_kind_of_hash_takes_its_password_and_no_other()
    {
        foreach (var hash in new[]
        {
            PasswordHash.Create("pä$$:1"u8, 1_000), PasswordHash.CreateArgon2id("pä$$:1"u8, 64, 1), PasswordHash.CreateScram("pä$$:1"u8, 4_096),
        })
        {
            PasswordHash.Verify("pä$$:1"u8, hash).ShouldBeTrue(hash);
            PasswordHash.Verify("pä$$:2"u8, hash).ShouldBeFalse(hash);
            PasswordHash.Verify([], hash).ShouldBeFalse(hash);
            PasswordHash.Verify([0], hash).ShouldBeFalse(hash);
            StoredPassword.Parse(hash).ToString().ShouldBe(hash);
        }
    }

    [Fact]
    public void Argon2id_of_the_reference_implementation_is_understood() =>
        // echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32
        PasswordHash.Verify(
            "password"u8, "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc").ShouldBeTrue();

    [Fact]
    public void Scram_keys_are_those_of_rfc_7677()
    {
        // Section 3: user "user", password "pencil", 4096 iterations.
        var salt = Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==");
        var keys = ScramKeys.Create("pencil"u8, salt, 4096);
        const string AuthMessage =
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
            + "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        var proof = System.Security.Cryptography.HMACSHA256.HashData(keys.ServerKey, Encoding.ASCII.GetBytes(AuthMessage));
        Convert.ToBase64String(proof).ShouldBe("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    [Fact]
    public void Hash_that_takes_more_memory_than_all_may_is_refused_at_start()
    {
        var options = new EdgeOptions
        {
            Passwords = new PasswordOptions { HashingMemoryMax = 1 << 20 },
            Users = [new MqttUserOptions { Name = "ann", PasswordHash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" }],
        };
        Should.Throw<EdgeConfigurationException>(() => UserTable.Load(options)).Message.ShouldContain("HashingMemoryMax");
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void File_is_rewritten_whole_for_its_owner_only_and_keeps_what_it_need_not_change()
    {
        var (old, next) = (PasswordHash.Create("1"u8, 1_000), PasswordHash.CreateScram("2"u8, 4_096));
        UsersFile.Set(File_, "ann", old).ShouldBeTrue();
        File.GetUnixFileMode(File_).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.AppendAllText(File_, $"# shift leader\nbob:{old}\n");
        File.SetUnixFileMode(File_, (UnixFileMode)Convert.ToInt32("644", 8));
        UsersFile.Set(File_, "ann", next).ShouldBeFalse();
        File.GetUnixFileMode(File_).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.ReadAllText(File_).ShouldBe($"# shift leader\nbob:{old}\nann:{next}\n");
        UsersFile.Names(File_).ShouldBe(["bob", "ann"]);
        UsersFile.Remove(File_, "bob").ShouldBeTrue();
        UsersFile.Remove(File_, "bob").ShouldBeFalse();
        UsersFile.Names(File_).ShouldBe(["ann"]);
        _folder.GetFiles().Length.ShouldBe(1);
    }

    [Fact]
    public void Second_change_at_the_same_time_fails_and_undoes_nothing()
    {
        UsersFile.Set(File_, "ann", PasswordHash.Create("1"u8, 1_000));
        var before = File.ReadAllText(File_);
        using (new FileStream(File_ + ".new", FileMode.CreateNew))
        {
            Should.Throw<EdgeConfigurationException>(() => UsersFile.Remove(File_, "ann")).Message.ShouldContain(".new");
        }

        File.ReadAllText(File_).ShouldBe(before);
    }

    [Theory]
    [InlineData("")]
    [InlineData("#a")]
    [InlineData("a:b")]
    [InlineData("a\nb")]
    [InlineData(" a")]
    public void Name_that_no_line_can_hold_is_refused(string name) =>
        Should.Throw<FormatException>(() => UsersFile.Set(File_, name, PasswordHash.Create("1"u8, 1_000)));

    [Fact]
    public async Task Newcomer_goes_before_a_thousand_who_came_first()
    {
        var queue = new HashingQueue(1);
        (await queue.EnterAsync(Here, "first", CancellationToken.None)).ShouldBeTrue();
        var crowd = Enumerable.Range(0, 1_000).Select(i => queue.EnterAsync(Here, $"user{i}", CancellationToken.None).AsTask()).ToList();
        // So many have a place, the others know already that they have none.
        queue.Waiting.ShouldBe(64);
        (await Task.WhenAll(crowd.Take(1_000 - 64))).ShouldAllBe(turn => !turn);
        var sameAddress = queue.EnterAsync(Here, "ann", CancellationToken.None).AsTask();
        var other = queue.EnterAsync(IPAddress.Parse("192.0.2.2"), "bob", CancellationToken.None).AsTask();
        queue.Leave();
        (await sameAddress.WaitAsync(TimeSpan.FromSeconds(60))).ShouldBeTrue();
        other.IsCompleted.ShouldBeFalse();
        queue.Leave();
        (await other.WaitAsync(TimeSpan.FromSeconds(60))).ShouldBeTrue();
        for (var i = 0; i < 63; i++)
        {
            queue.Leave();
        }

        (await Task.WhenAll(crowd)).Count(turn => turn).ShouldBe(63);
        queue.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task Turn_that_nobody_waits_for_any_more_goes_to_the_next()
    {
        var queue = new HashingQueue(1);
        await queue.EnterAsync(Here, "first", CancellationToken.None);
        using var gone = new CancellationTokenSource();
        var next = queue.EnterAsync(IPAddress.Loopback, "next", CancellationToken.None).AsTask();
        var left = queue.EnterAsync(Here, "left", gone.Token).AsTask();
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => left);
        queue.Leave();
        (await next.WaitAsync(TimeSpan.FromSeconds(60))).ShouldBeTrue();
        queue.Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task One_user_name_holds_no_more_than_its_places()
    {
        var queue = new HashingQueue(1);
        await queue.EnterAsync(Here, "first", CancellationToken.None);
        var tries = Enumerable.Range(0, 1_000).Select(_ => queue.EnterAsync(Here, "bob", CancellationToken.None).AsTask()).ToList();
        queue.Waiting.ShouldBe(4);
        (await Task.WhenAll(tries.Take(996))).ShouldAllBe(turn => !turn);
    }

    [Fact]
    public void Pair_of_address_and_user_that_failed_waits_and_others_do_not()
    {
        var clock = new ManualClock();
        var backoff = new FailureBackoff(100, clock);
        for (var i = 0; i < 5; i++)
        {
            backoff.MayTry(Here, "ann").ShouldBeTrue();
            backoff.Failed(Here, "ann");
        }

        backoff.MayTry(Here, "ann").ShouldBeFalse();
        backoff.MayTry(Here, "bob").ShouldBeTrue();
        backoff.MayTry(IPAddress.Loopback, "ann").ShouldBeTrue();
        clock.Advance(TimeSpan.FromSeconds(10));
        backoff.MayTry(Here, "ann").ShouldBeTrue();
        backoff.Failed(Here, "ann");
        backoff.MayTry(Here, "ann").ShouldBeFalse();
        backoff.Succeeded(Here, "ann");
        backoff.MayTry(Here, "ann").ShouldBeTrue();
    }

    [Fact]
    public void Guesses_from_everywhere_slow_the_user_for_those_who_failed_and_lock_nobody_else_out()
    {
        var backoff = new FailureBackoff(10_000, new ManualClock());
        for (var i = 0; i < 60; i++)
        {
            backoff.Failed(new IPAddress([10, 0, 0, (byte)i]), "ann");
        }

        backoff.MayTry(new IPAddress([10, 0, 0, 1]), "ann").ShouldBeFalse();
        backoff.MayTry(Here, "ann").ShouldBeTrue();
        backoff.MayTry(new IPAddress([10, 0, 0, 1]), "bob").ShouldBeTrue();
    }

    [Fact]
    public void Address_that_tries_all_names_waits_and_the_table_has_an_end()
    {
        var backoff = new FailureBackoff(1_000, new ManualClock());
        for (var i = 0; i < 10_000; i++)
        {
            backoff.Failed(Here, $"{new string('x', 1_000)}{i}");
        }

        backoff.MayTry(Here, "new").ShouldBeFalse();
        backoff.Count.ShouldBe(1_000);
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public void Network_of_one_host_counts_as_one_address(string one, string other, bool same) =>
        SourceAddress.Of(new IPEndPoint(IPAddress.Parse(one), 1)).Equals(SourceAddress.Of(new IPEndPoint(IPAddress.Parse(other), 2))).ShouldBe(same);

    [Fact]
    public async Task File_that_names_nobody_lets_nobody_in()
    {
        File.WriteAllText(File_, "# nobody yet\n");
        var authenticator = EdgeSecurity.Authenticator(new EdgeOptions { UsersFile = File_ }, TimeProvider.System, NullLogger.Instance);
        authenticator.RequiresCredentials.ShouldBeTrue();
        foreach (var user in new[] { null, "", "ann" })
        {
            var result = await authenticator.AuthenticateAsync(new ClientCredentials("c", user, default, null, null), CancellationToken.None);
            result.Identity.ShouldBeNull();
        }
    }
}
