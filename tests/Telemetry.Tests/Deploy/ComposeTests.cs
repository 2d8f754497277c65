using System.Globalization;
using System.Security.Cryptography;
using System.Xml.Linq;
using Telemetry.Edge;
using Telemetry.Edge.Security;
using Telemetry.Host.Configuration;
using Telemetry.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace Telemetry.Tests.Deploy;

/// <summary>The compose file, resolved by Docker's own loader and held to its promises.</summary>
public sealed class ComposeTests
{
    private const string Ours = "telemetry:";
    private static readonly string[] OneShots = ["topics", "schemas", "users", "administrator"];

    public static TheoryData<string> Profiles => new("cluster", "single");

    [Fact]
    public void Up_without_a_profile_starts_the_cluster() =>
        File.ReadAllLines(Path.Combine(Repository.Root, ".env")).ShouldContain("COMPOSE_PROFILES=cluster");

    [Fact]
    public void Cluster_has_three_brokers_and_single_has_one()
    {
        Services("cluster").Select(s => s.Key).Where(IsBroker).ShouldBe(["kafka-1", "kafka-2", "kafka-3"], ignoreOrder: true);
        Services("single").Select(s => s.Key).Where(IsBroker).ShouldBe(["kafka"]);
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Every_address_a_service_is_given_is_a_service_or_an_alias_of_one(string profile)
    {
        var services = Services(profile);
        var names = services.Select(s => s.Key)
            .Concat(services.SelectMany(s => s.Value.Items("networks", "default", "aliases").Select(a => ((YamlScalarNode)a).Value!)))
            .ToHashSet();
        foreach (var (service, node) in services.Where(IsOurs))
        {
            var options = Options(node);
            var hosts = (options.Kafka.BootstrapServers ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(a => a.Split(':')[0])
                .Concat(options.Http.Peers.Select(p => p.Host));
            hosts = options.ClickHouse.Endpoint is { } endpoint ? hosts.Append(endpoint.Host) : hosts;
            hosts = node.Map("environment").ContainsKey("TELEMETRY__SIMULATOR__HOST") ? hosts.Append(options.Simulator.Host) : hosts;

            hosts.ShouldBeSubsetOf(names, service);
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Whoever_waits_waits_for_a_service_that_is_there(string profile)
    {
        var services = Services(profile).ToDictionary(s => s.Key, s => s.Value);
        foreach (var (service, node) in services)
        {
            foreach (var (other, dependency) in node.Pairs("depends_on").Where(d => services.ContainsKey(d.Key)))
            {
                var condition = dependency.Text("condition");
                condition.ShouldBe(OneShots.Contains(other) ? "service_completed_successfully" : "service_healthy", $"{service} on {other}");
                var isChecked = services[other].Find("healthcheck", "disable") is null && services[other].Find("healthcheck") is not null;
                (condition == "service_healthy" && !isChecked).ShouldBeFalse($"{other} has no health check for {service} to wait for");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Every_service_is_pinned_bounded_checked_and_hardened(string profile)
    {
        foreach (var (service, node) in Services(profile))
        {
            var image = node.Text("image");
            PinnedImage.Is(image).ShouldBeTrue($"{service}: {image}");
            node.Text("mem_limit").ShouldNotBeNullOrEmpty(service);
            node.Text("cpus").ShouldNotBeNullOrEmpty(service);
            node.Items("security_opt").Select(o => o.ToString()).ShouldContain("no-new-privileges:true", service);
            node.Items("cap_drop").Select(c => c.ToString()).ShouldBe(["ALL"], service);
            node.Find("privileged").ShouldBeNull(service);
            (node.Find("user")?.ToString() ?? "the image's").ShouldNotStartWith("0", Case.Sensitive, service);
            node.Text("stop_grace_period").ShouldNotBeNullOrEmpty(service);
            node.Text("restart").ShouldBe(OneShots.Contains(service) ? "no" : "unless-stopped", service);
            if (!OneShots.Contains(service))
            {
                node.Items("healthcheck", "test").Count().ShouldBeGreaterThan(1, service);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Ports_are_published_on_loopback_and_no_two_services_want_the_same(string profile)
    {
        var published = Services(profile).SelectMany(s => s.Value.Items("ports")).ToList();

        published.ShouldAllBe(p => p.Text("host_ip") == "127.0.0.1");
        published.Select(p => p.Text("published")).ShouldBeUnique();
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Our_services_get_settings_that_exist_and_stop_before_they_are_killed(string profile)
    {
        foreach (var (service, node) in Services(profile).Where(IsOurs))
        {
            var options = Options(node);
            node.Text("read_only").ShouldBe("true", service);
            node.Text("user").ShouldBe("1654:1654", service);
            Seconds(node.Text("stop_grace_period")).ShouldBeGreaterThan(2 * options.ShutdownTimeout.TotalSeconds, service);
            var written = node.Items("tmpfs").Select(t => t.ToString().Split(':')[0]).Concat(node.Items("volumes").Select(v => v.Text("target")));
            written.ShouldContain("/data", $"{service} has a read-only root and keeps its files in /data");
        }
    }

    [Fact]
    public void Everyone_on_the_log_counts_the_same_partitions() =>
        Services("cluster").Where(IsOurs).Select(s => Options(s.Value)).Where(o => o.Kafka.BootstrapServers is not null)
            .Select(o => o.Log.Partitions).Distinct().ShouldHaveSingleItem();

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Passwords_come_from_files_and_are_mounted_where_they_are_asked_for(string profile)
    {
        foreach (var (service, node) in Services(profile))
        {
            var environment = node.Map("environment");
            environment.Keys.ShouldNotContain(k => k.EndsWith("PASSWORD", StringComparison.Ordinal), service);
            var mounted = node.Items("secrets").Select(s => s.Find("target")?.ToString() ?? "/run/secrets/" + s.Text("source"))
                .Select(t => t.StartsWith('/') ? t : "/run/secrets/" + t);
            environment.Values.Where(v => v.StartsWith("/run/secrets/", StringComparison.Ordinal)).ShouldBeSubsetOf(mounted, service);
        }

        File.ReadAllText(Path.Combine(Repository.Root, "deploy", "secrets", ".gitignore")).ShouldStartWith("*");
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Files_that_are_mounted_are_in_the_repository(string profile)
    {
        foreach (var source in Services(profile).SelectMany(s => s.Value.Items("volumes")).Where(v => v.Text("type") == "bind").Select(v => v.Text("source")))
        {
            Path.Exists(Path.GetFullPath(Path.Combine(Repository.Root, source))).ShouldBeTrue(source);
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Nobody_comes_in_over_mqtt_without_credentials_and_the_fleet_may_publish(string profile)
    {
        var services = Services(profile).ToDictionary(s => s.Key, s => s.Value);
        var edge = Options(services["edge"]).Edge;
        edge.AllowAnonymousFromAnywhere.ShouldBeFalse();
        edge.UsersFile.ShouldNotBeNullOrEmpty();
        edge.RulesFile.ShouldNotBeNullOrEmpty();
        var mounts = services["edge"].Items("volumes").ToList();
        mounts.ShouldContain(v => edge.UsersFile!.StartsWith(v.Text("target") + "/", StringComparison.Ordinal) && v.Text("source") == "users");
        var simulator = Options(services["simulator"]).Simulator;
        services["users"].Items("command").Select(c => c.ToString()).ShouldContain(simulator.UserName!);
        services["users"].Items("command").Select(c => c.ToString()).ShouldContain(simulator.PasswordFile!);

        var rules = edge with { UsersFile = null, RulesFile = Path.Combine(Repository.Root, "deploy", "mqtt", "rules") };
        var fleet = new MqttClientIdentity("press-1", simulator.UserName, null);
        AccessCheck.Explain(rules, fleet, publish: true, "telemetry/v1/press-1/readings").SpeaksForOthers.ShouldBeTrue();
        AccessCheck.Explain(rules, fleet, publish: false, "telemetry/v1/press-1/commands/+").Allowed.ShouldBeTrue();
        var device = new MqttClientIdentity("pump-7", "pump-7", null);
        AccessCheck.Explain(rules, device, publish: true, "telemetry/v1/pump-7/readings").Allowed.ShouldBeTrue();
        AccessCheck.Explain(rules, device, publish: false, "telemetry/v1/pump-7/commands/+").Allowed.ShouldBeTrue();
        AccessCheck.Explain(rules, device, publish: true, "telemetry/v1/pump-8/readings").Allowed.ShouldBeFalse();
        AccessCheck.Explain(rules, device, publish: false, "telemetry/v1/+/commands/+").Allowed.ShouldBeFalse();
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Nobody_comes_in_over_http_without_credentials_and_there_is_an_administrator(string profile)
    {
        var services = Services(profile).ToDictionary(s => s.Key, s => s.Value);
        foreach (var (service, node) in services.Where(s => s.Value.Map("environment").ContainsKey("TELEMETRY__HTTP__ADDRESS") && s.Value.Text("image").StartsWith(Ours, StringComparison.Ordinal)))
        {
            var options = Options(node);
            options.Access.AllowAnonymousFromAnywhere.ShouldBeFalse(service);
            options.Access.MetricsTokenFile.ShouldNotBeNullOrEmpty(service);
        }

        var users = Options(services["query"]).Edge.UsersFile!;
        services["query"].Items("volumes").ShouldContain(v => users.StartsWith(v.Text("target") + "/", StringComparison.Ordinal) && v.Text("source") == "users");
        var command = services["administrator"].Items("command").Select(c => c.ToString()).ToList();
        command.ShouldContain("administrator");
        command.ShouldContain("/run/secrets/console-admin-password");
        services["prometheus"].Items("secrets").Select(s => s.Text("source")).ShouldContain("metrics-token");
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Grafana_reads_the_store_as_a_user_of_its_own(string profile)
    {
        var services = Services(profile).ToDictionary(s => s.Key, s => s.Value);
        services["grafana"].Items("secrets").Select(s => s.Text("source")).ShouldBe(["grafana-admin-password", "clickhouse-grafana-password"], ignoreOrder: true);
        services["clickhouse"].Items("volumes").Select(v => v.Text("target")).ShouldContain("/etc/clickhouse-server/users.d/grafana.xml");
        services["clickhouse"].Items("secrets").Single(s => s.Text("source") == "clickhouse-grafana-user").Text("target")
            .ShouldStartWith("/etc/clickhouse-server/users.d/");

        var source = Yaml.File("deploy", "grafana", "provisioning", "datasources", "clickhouse.yml").Items("datasources").Single();
        var name = source.Text("jsonData", "username");
        name.ShouldNotBe(services["clickhouse"].Map("environment")["CLICKHOUSE_USER"]);
        source.Text("secureJsonData", "password").ShouldBe("$__file{/run/secrets/clickhouse-grafana-password}");

        var file = XDocument.Load(Path.Combine(Repository.Root, "deploy", "clickhouse", "grafana.xml")).Root!;
        var user = file.Element("users")!.Elements().ShouldHaveSingleItem();
        user.Name.LocalName.ShouldBe(name);
        user.Element("grants")!.Elements("query").Select(q => q.Value).ShouldBe(["GRANT SELECT ON telemetry.*"]);
        user.Elements().ShouldNotContain(e => e.Name.LocalName.StartsWith("password") || e.Name.LocalName == "no_password");
        var limits = file.Element("profiles")!.Element(user.Element("profile")!.Value)!;
        limits.Element("readonly")!.Value.ShouldBe("2");
        foreach (var limit in limits.Element("constraints")!.Elements())
        {
            // What the user begins with is also the most it may ask for.
            (limit.Element("max")?.Value ?? limits.Element(limit.Name)!.Value).ShouldBe(limits.Element(limit.Name)!.Value, limit.Name.LocalName);
        }

        // The same for a server of one's own.
        var sql = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "clickhouse", "grafana.sql"));
        foreach (var setting in limits.Elements().Where(e => !e.HasElements))
        {
            sql.ShouldContain($"{setting.Name} = {setting.Value}");
        }
    }

    [Fact]
    public void Secrets_are_made_once_and_the_store_is_given_the_hash_of_Grafanas()
    {
        var folder = Directory.CreateTempSubdirectory("telemetry-secrets-");
        try
        {
            var script = Path.Combine(folder.FullName, "secrets.sh");
            File.Copy(Path.Combine(Repository.Root, "deploy", "secrets.sh"), script);
            DeployTool.Succeed("bash", [script]).ShouldContain("clickhouse-grafana-user.xml");
            var secrets = Path.Combine(folder.FullName, "secrets");
            var password = File.ReadAllBytes(Path.Combine(secrets, "clickhouse-grafana-password"));
            password.Length.ShouldBeGreaterThan(24);
            XDocument.Load(Path.Combine(secrets, "clickhouse-grafana-user.xml")).Root!.Element("users")!.Element("grafana")!.Element("password_sha256_hex")!.Value
                .ShouldBe(Convert.ToHexStringLower(SHA256.HashData(password)));
            DeployTool.Succeed("bash", [script]).ShouldBeEmpty();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Roles_can_be_scaled_because_no_two_copies_share_a_name_or_a_port()
    {
        foreach (var (service, node) in Services("cluster").Where(s => s.Key is "process" or "store"))
        {
            node.Find("container_name").ShouldBeNull(service);
            node.Find("hostname").ShouldBeNull(service);
            node.Items("ports").ShouldBeEmpty(service);
            node.Map("environment").Keys.ShouldNotContain("TELEMETRY__INSTANCE", "two copies would fence each other");
        }
    }

    private static bool IsBroker(string service) => service.StartsWith("kafka", StringComparison.Ordinal);

    private static bool IsOurs((string Key, YamlNode Value) service) =>
        service.Value.Text("image").StartsWith(Ours, StringComparison.Ordinal);

    private static TelemetryOptions Options(YamlNode service) => EnvironmentSettings.Read(service.Map("environment"));

    private static List<(string Key, YamlNode Value)> Services(string profile) =>
        [.. Yaml.Documents(DeployTool.ResolveCompose(profile)).ShouldHaveSingleItem().Pairs("services")];

    /// <summary>Docker writes 1m0s.</summary>
    private static double Seconds(string duration)
    {
        var seconds = 0.0;
        var number = "";
        foreach (var c in duration)
        {
            if (char.IsAsciiDigit(c) || c == '.')
            {
                number += c;
                continue;
            }

            seconds += double.Parse(number, CultureInfo.InvariantCulture) * (c switch { 'h' => 3600, 'm' => 60, _ => 1 });
            number = "";
        }

        return seconds;
    }
}
