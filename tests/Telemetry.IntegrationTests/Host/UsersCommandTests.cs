using Telemetry.Edge.Security.Passwords;
using Telemetry.IntegrationTests.Support;

namespace Telemetry.IntegrationTests.Host;

/// <summary><c>telemetry users</c> as an operator runs it.</summary>
public sealed class UsersCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-users-");

    private string Users => Path.Combine(_folder.FullName, "users");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("Argon2id", "$argon2id$v=19$")]
    [InlineData("Scram", "SCRAM-SHA-256$15000:")]
    [InlineData("Pbkdf2", "pbkdf2-sha256$210000$")]
    public async Task User_is_added_listed_and_removed(string scheme, string prefix)
    {
        var password = await WriteAsync("password", "correct horse\n");
        var added = await TelemetryProcess.RunAsync("users", "add", "pump-7", "--users-file", Users, "--scheme", scheme, "--password-file", password);
        added.Code.ShouldBe(0, added.Errors);
        var line = (await File.ReadAllLinesAsync(Users, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        line.ShouldStartWith($"pump-7:{prefix}");
        PasswordHash.Verify("correct horse"u8, line["pump-7:".Length..]).ShouldBeTrue();
        (await TelemetryProcess.RunAsync("users", "list", "--users-file", Users)).Output.Trim().ShouldBe("pump-7");
        (await TelemetryProcess.RunAsync("users", "remove", "pump-7", "--users-file", Users)).Code.ShouldBe(0);
        (await TelemetryProcess.RunAsync("users", "remove", "pump-7", "--users-file", Users)).Code.ShouldBe(1);
        (await File.ReadAllTextAsync(Users, TestContext.Current.CancellationToken)).ShouldBe("");
    }

    [Fact]
    public async Task Empty_password_and_missing_file_are_refused_and_change_nothing()
    {
        var empty = await WriteAsync("password", "\n");
        var added = await TelemetryProcess.RunAsync("users", "add", "pump-7", "--users-file", Users, "--password-file", empty);
        added.Code.ShouldBe(2);
        added.Errors.ShouldContain("The password is empty");
        File.Exists(Users).ShouldBeFalse();
        var unnamed = await TelemetryProcess.RunAsync("users", "list");
        unnamed.Code.ShouldBe(0, unnamed.Errors);
        var nowhere = await TelemetryProcess.RunAsync("users", "remove", "pump-7");
        nowhere.Code.ShouldBe(2);
        nowhere.Errors.ShouldContain("--users-file");
    }

    [Fact]
    public async Task One_line_sets_a_user_of_both_doors_up_and_a_role_changes_without_the_password()
    {
        var password = await WriteAsync("password", "correct horse\n");
        var added = await TelemetryProcess.RunAsync(
            "users", "add", "ann", "--role", "engineer", "--mqtt", "--devices", "press-*,line1.*", "--users-file", Users, "--password-file", password);
        added.Code.ShouldBe(0, added.Errors);
        var lines = await File.ReadAllLinesAsync(Users, TestContext.Current.CancellationToken);
        lines[0].ShouldBe("ann:@role=engineer mqtt devices=press-*,line1.*");
        lines[1].ShouldStartWith("ann:$argon2id$");

        (await TelemetryProcess.RunAsync("users", "role", "ann", "--role", "viewer", "--users-file", Users)).Code.ShouldBe(0);
        (await TelemetryProcess.RunAsync("users", "list", "--users-file", Users)).Output.Trim().ShouldBe("ann role=viewer");
        (await File.ReadAllLinesAsync(Users, TestContext.Current.CancellationToken)).ShouldContain(lines[1]);
        var check = await TelemetryProcess.RunAsync("users", "check", "ann", "Publish", "a", "--users-file", Users);
        check.Code.ShouldBe(1, check.Errors);
        check.Output.ShouldContain("HTTP only");
        (await TelemetryProcess.RunAsync("users", "role", "bob", "--role", "viewer", "--users-file", Users)).Code.ShouldBe(1);
        (await TelemetryProcess.RunAsync("users", "add", "bob", "--role", "king", "--users-file", Users, "--password-file", password)).Code.ShouldNotBe(0);
        (await TelemetryProcess.RunAsync("users", "add", "bob", "--mqtt", "--users-file", Users, "--password-file", password)).Code.ShouldBe(2);
    }

    [Fact]
    public async Task Token_is_printed_once_listed_without_its_secret_and_revoked()
    {
        var made = await TelemetryProcess.RunAsync("users", "token", "add", "grafana", "--role", "viewer", "--expires", "30d", "--label", "boards", "--users-file", Users);
        made.Code.ShouldBe(0, made.Errors);
        var token = made.Output.Trim();
        token.ShouldStartWith("tlm_");
        (await File.ReadAllTextAsync(Users + ".tokens", TestContext.Current.CancellationToken)).ShouldNotContain(token.Split('_')[2]);

        var listed = (await TelemetryProcess.RunAsync("users", "token", "list", "--users-file", Users)).Output.Trim();
        listed.ShouldStartWith($"{token.Split('_')[1]} grafana viewer ");
        listed.ShouldEndWith("boards");
        (await TelemetryProcess.RunAsync("users", "token", "revoke", token.Split('_')[1], "--users-file", Users)).Code.ShouldBe(0);
        (await TelemetryProcess.RunAsync("users", "token", "revoke", token.Split('_')[1], "--users-file", Users)).Code.ShouldBe(1);
        (await TelemetryProcess.RunAsync("users", "token", "add", "grafana", "--role", "viewer", "--expires", "9999d", "--users-file", Users)).Code.ShouldBe(2);
    }

    [Theory]
    [InlineData("pump-7", "Publish", "telemetry/v1/pump-7/readings", 0, "allow publish users telemetry/v1/{device}/#")]
    [InlineData("pump-7", "Publish", "telemetry/v1/pump-8/readings", 1, "no rule allows it")]
    [InlineData("gateway", "Publish", "telemetry/v1/pump-8/readings", 0, "user=gateway")]
    [InlineData("open", "Publish", "telemetry/v1/pump-8/readings", 1, "The user name is 'open'")]
    [InlineData("pump-7", "Subscribe", "secret/x", 1, "deny all everyone secret/#")]
    [InlineData("nobody", "Publish", "telemetry/v1/nobody/readings", 1, "there is no user 'nobody'")]
    public async Task Check_says_what_a_user_may_do_and_why(string user, string action, string topic, int code, string why)
    {
        var hash = PasswordHash.Create("x"u8, 1_000);
        await File.WriteAllLinesAsync(
            Users, new[] { "pump-7", "gateway", "open" }.Select(u => $"{u}:{hash}"), TestContext.Current.CancellationToken);
        var rules = await WriteAsync(
            "rules",
            """
            allow publish users telemetry/v1/{device}/#
            allow publish user=gateway telemetry/v1/+/readings
            allow publish client=open telemetry/v1/+/readings
            deny all everyone secret/#
            """);
        var (actual, output, errors) = await TelemetryProcess.RunAsync(
            "users", "check", user, action, topic, "--users-file", Users, "--rules-file", rules);
        actual.ShouldBe(code, output + errors);
        output.ShouldContain(why);
    }

    private async Task<string> WriteAsync(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        return path;
    }
}
