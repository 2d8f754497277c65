using System.Security.Claims;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Access;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Query.Endpoints;

namespace Telemetry.Tests.Host;

public sealed class AccessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-access-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_endpoint_of_the_api_is_in_the_table() =>
        ApiEndpoints.All.Where(e => AccessTable.Find(e.Method, "/api/v1" + e.Pattern) is null).Select(e => $"{e.Method} /api/v1{e.Pattern}")
            .ShouldBeEmpty("give each a line in AccessTable");

    [Fact]
    public void What_changes_something_needs_more_than_a_viewer_but_for_ones_own_session_and_tokens() =>
        // gRPC posts whatever it asks, and a query or statistics of many series are too long for an address.
        AccessTable.All.Where(e => e.Method is not ("GET" or "*") && !e.Pattern.StartsWith("/grpc.", StringComparison.Ordinal)
                && !e.Pattern.StartsWith("/telemetry.stream.", StringComparison.Ordinal) && (e.Need.Role() ?? UserRole.Viewer) == UserRole.Viewer)
            .Select(e => $"{e.Method} {e.Pattern}")
            .ShouldBe(["POST /signin", "POST /signout", "POST /api/v1/tokens", "DELETE /api/v1/tokens/{id}", "POST /api/v1/query", "POST /api/v1/statistics"], ignoreOrder: true);

    [Fact]
    public void Endpoint_that_is_not_listed_needs_an_administrator() => AccessTable.Find("GET", "/api/v1/new").ShouldBeNull();

    [Theory]
    [InlineData("viewer", "Viewer")]
    [InlineData("administrator,viewer", "Administrator")]
    [InlineData("else", null)]
    public void Without_a_mapping_roles_stand_for_themselves_and_the_highest_counts(string values, string? role) =>
        ClaimRoles.Of(new AccessOptions(), values.Split(',').Select(v => new Claim("roles", v))).Role?.ToString().ShouldBe(role);

    [Fact]
    public void Group_that_sees_everything_outweighs_one_that_does_not()
    {
        var options = new AccessOptions
        {
            ClaimRoles = [new ClaimRoleOptions { Value = "a", Devices = ["press-*"] }, new ClaimRoleOptions { Value = "b", Role = UserRole.Engineer }],
        };
        var (role, devices) = ClaimRoles.Of(options, [new Claim("roles", "a"), new Claim("roles", "b"), new Claim("other", "administrator")]);
        role.ShouldBe(UserRole.Engineer);
        devices.IsAll.ShouldBeTrue();
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/a?b#c", true)]
    [InlineData("", false)]
    [InlineData("//evil", false)]
    [InlineData("/\\evil", false)]
    [InlineData("https://evil", false)]
    [InlineData("/a\r\nb", false)]
    public void Only_paths_of_this_server_are_returned_to(string path, bool isLocal) => HostNames.IsLocalPath(path).ShouldBe(isLocal);

    [Fact]
    public void Audit_log_is_read_newest_first_over_its_files_with_blocks_cut_anywhere()
    {
        var file = Path.Combine(_folder, "audit.json");
        using (var logging = LoggingSetup.Create(new LoggingOptions { AuditFile = file, AuditBytesMax = 1 << 20 }, console: false))
        {
            var audit = new HttpAudit(logging, TimeProvider.System);
            for (var i = 0; i < 2_000; i++)
            {
                audit.TokenChanged("made", Token(i), by: i % 2 == 0 ? "ann" : "bob", remote: null);
            }
        }

        Directory.GetFiles(_folder).Length.ShouldBeGreaterThan(5, "the log has rolled");
        var reader = new AuditReader(file);
        var all = reader.Read(10_000, before: null, user: null);
        all.Count.ShouldBeGreaterThan(1_000);
        all.Select(e => int.Parse(e.Properties["TokenId"], System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(Enumerable.Range(2_000 - all.Count, all.Count).Reverse());
        reader.Read(3, before: null, user: "ann").Select(e => e.Properties["TokenId"]).ShouldBe(["1998", "1996", "1994"]);
        reader.Read(10, all[100].Time, user: null).ShouldAllBe(e => e.Time < all[100].Time);

        // A line that is cut by a crash is passed over.
        File.AppendAllText(Directory.GetFiles(_folder).Max(StringComparer.Ordinal)!, "{\"Timestamp\": \"20");
        reader.Read(1, before: null, user: null)[0].Properties["TokenId"].ShouldBe("1999");
        new AuditReader(Path.Combine(_folder, "none", "audit.json")).Read(1, before: null, user: null).ShouldBeEmpty();
    }

    [Fact]
    public void Of_refusals_that_clients_cause_some_are_written_and_the_next_says_how_many_were_not()
    {
        var file = Path.Combine(_folder, "audit.json");
        var time = new SteppedTime();
        using (var logging = LoggingSetup.Create(new LoggingOptions { AuditFile = file }, console: false))
        {
            var audit = new HttpAudit(logging, time);
            for (var i = 0; i < 80; i++)
            {
                audit.SignInRefused("ann", null, "wrong");
            }

            time.Advance(TimeSpan.FromSeconds(1));
            audit.SignInRefused("ann", null, "wrong");
        }

        var entries = new AuditReader(file).Read(1_000, before: null, user: null);
        entries.Count.ShouldBe(51);
        entries[0].Properties["HeldBack"].ShouldBe("30");
    }

    private static ApiToken Token(int i) => new()
    {
        Id = i.ToString(System.Globalization.CultureInfo.InvariantCulture), Hash = "", Owner = "service", Role = UserRole.Viewer, Created = default, Expires = default,
    };

    private sealed class SteppedTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
