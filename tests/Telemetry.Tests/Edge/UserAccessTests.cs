using Telemetry.Edge;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;

namespace Telemetry.Tests.Edge;

public sealed class UserAccessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-access-");

    private string File_ => Path.Combine(_folder.FullName, "users");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("@role=viewer")]
    [InlineData("@role=engineer mqtt")]
    [InlineData("@role=operator certificate devices=press-*,line1.cell:2_x")]
    [InlineData("@role=administrator mqtt certificate")]
    public void Line_is_read_as_it_is_written(string line) => UserAccess.Parse(line).ToString().ShouldBe(line);

    [Theory]
    [InlineData("@role=")]
    [InlineData("@role=king")]
    [InlineData("@role=1")]
    [InlineData("@role=viewer admin")]
    [InlineData("@role=viewer devices=")]
    [InlineData("@role=viewer devices=a'b")]
    [InlineData("@role=viewer devices=a?b")]
    [InlineData("role=viewer")]
    public void Line_that_says_something_else_is_refused(string line) => Should.Throw<FormatException>(() => UserAccess.Parse(line));

    [Fact]
    public void Password_and_role_of_a_user_change_one_without_the_other()
    {
        UsersFile.SetAccess(File_, "ann", new UserAccess(UserRole.Viewer)).ShouldBeTrue();
        UsersFile.HasPassword(File_, "ann").ShouldBeFalse();
        UsersFile.Set(File_, "ann", PasswordHash.Create("1"u8, 1_000)).ShouldBeFalse();
        UsersFile.SetAccess(File_, "ann", new UserAccess(UserRole.Engineer) { Mqtt = true }).ShouldBeFalse();

        UsersFile.HasPassword(File_, "ann").ShouldBeTrue();
        UsersFile.Access(File_)["ann"].Role.ShouldBe(UserRole.Engineer);
        File.ReadAllLines(File_).Length.ShouldBe(2);
        UsersFile.Remove(File_, "ann").ShouldBeTrue();
        File.ReadAllText(File_).ShouldBeEmpty();
    }

    [Fact]
    public void Each_door_has_its_users_and_one_without_a_role_is_of_mqtt()
    {
        foreach (var (name, access) in ((string, UserAccess?)[])[
            ("pump", null), ("ann", new UserAccess(UserRole.Viewer)), ("bob", new UserAccess(UserRole.Viewer) { Mqtt = true })])
        {
            if (access is not null)
            {
                UsersFile.SetAccess(File_, name, access);
            }

            UsersFile.Set(File_, name, PasswordHash.Create("1"u8, 1_000));
        }

        UsersFile.MqttNames(File_).ShouldBe(["pump", "bob"]);
        var options = new EdgeOptions { UsersFile = File_ };
        var (mqtt, http) = (UserTable.Load(options), UserTable.Load(options, forHttp: true));
        (mqtt.Find("pump"), mqtt.Find("ann"), mqtt.Find("bob")).ShouldSatisfyAllConditions(
            u => u.Item1.ShouldNotBeNull(), u => u.Item2.ShouldBeNull(), u => u.Item3.ShouldNotBeNull());
        (http.Find("pump"), http.Find("ann"), http.Find("bob")).ShouldSatisfyAllConditions(
            u => u.Item1.ShouldBeNull(), u => u.Item2.ShouldNotBeNull(), u => u.Item3.ShouldNotBeNull());
    }

    [Fact]
    public void Change_that_fails_leaves_the_file_as_it_was_and_nothing_behind()
    {
        File.WriteAllText(File_, "ann:@role=viewer\n");
        Should.Throw<InvalidOperationException>(() => OwnerOnlyFile.Rewrite(File_, "UsersFile", _ => throw new InvalidOperationException()));

        File.ReadAllText(File_).ShouldBe("ann:@role=viewer\n");
        _folder.GetFiles().ShouldHaveSingleItem();
    }
}
