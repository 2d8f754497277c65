using System.Globalization;
using Telemetry.Contracts;
using Telemetry.Host.Configuration;
using Telemetry.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace Telemetry.Tests.Deploy;

/// <summary>The chart, rendered by Helm with its defaults and with each set of values under ci/, and what came out looked at.</summary>
public sealed class HelmChartTests
{
    private const string Release = "t";
    private static readonly string Chart = Path.Combine(Repository.Root, "deploy", "helm", "telemetry");
    private static readonly string[] Workloads = ["Deployment", "StatefulSet"];

    public static TheoryData<string> Values => new("", "scaled.yaml", "secured.yaml", "trial.yaml");

    [Theory]
    [MemberData(nameof(Values))]
    public void Helm_finds_nothing_to_complain_of(string values) =>
        DeployTool.Succeed(DeployTool.Helm(), ["lint", "--strict", "--kube-version", "1.31.0", Chart, .. File(values)]);

    [Theory]
    [MemberData(nameof(Values))]
    public void Every_container_gets_settings_that_exist(string values)
    {
        var objects = Render(values);
        var containers = objects.SelectMany(Containers).ToList();

        containers.Count.ShouldBeGreaterThanOrEqualTo(4);
        foreach (var container in containers)
        {
            var options = EnvironmentSettings.Read(Environment(objects, container));
            options.Kafka.BootstrapServers.ShouldNotBeNullOrEmpty(container.Text("name"));
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Every_file_a_setting_names_lies_in_a_mounted_secret(string values)
    {
        var objects = Render(values);
        foreach (var container in objects.SelectMany(Containers))
        {
            var mounts = container.Items("volumeMounts").Select(m => m.Text("mountPath")).ToList();
            foreach (var file in Environment(objects, container).Values.Where(v => v.StartsWith("/etc/telemetry/", StringComparison.Ordinal)))
            {
                mounts.ShouldContain(m => file.StartsWith(m + "/", StringComparison.Ordinal), file);
            }
        }

        foreach (var pod in objects.Where(o => Workloads.Contains(Kind(o)) || Kind(o) == "Job").Select(Pod))
        {
            var volumes = pod.Items("volumes").Select(v => v.Text("name")).ToList();
            pod.Items("containers").SelectMany(c => c.Items("volumeMounts")).Select(m => m.Text("name")).ShouldBeSubsetOf(volumes);
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Every_pod_is_pinned_probed_bounded_and_hardened(string values)
    {
        foreach (var workload in Render(values).Where(o => Workloads.Contains(Kind(o))))
        {
            var name = Name(workload);
            var pod = Pod(workload);
            pod.Text("securityContext", "runAsNonRoot").ShouldBe("true", name);
            pod.Text("automountServiceAccountToken").ShouldBe("false", name);
            pod.Items("topologySpreadConstraints").ShouldNotBeEmpty(name);
            foreach (var container in pod.Items("containers"))
            {
                PinnedImage.Is(container.Text("image")).ShouldBeTrue(container.Text("image"));
                container.Text("securityContext", "readOnlyRootFilesystem").ShouldBe("true", name);
                container.Text("securityContext", "allowPrivilegeEscalation").ShouldBe("false", name);
                container.Items("securityContext", "capabilities", "drop").Select(c => c.ToString()).ShouldBe(["ALL"]);
                container.Find("resources", "limits", "memory").ShouldNotBeNull(name);
                container.Find("resources", "requests", "cpu").ShouldNotBeNull(name);
                var ports = container.Items("ports").Select(p => p.Text("name")).ToList();
                foreach (var (probe, path) in new[] { ("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz") })
                {
                    ports.ShouldContain(container.Text(probe, "httpGet", "port"), $"{name} {probe}");
                    container.Text(probe, "httpGet", "path").ShouldBe(path);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Ports_of_containers_are_those_their_settings_listen_on(string values)
    {
        var objects = Render(values);
        foreach (var container in objects.Where(o => Workloads.Contains(Kind(o))).SelectMany(Containers))
        {
            var options = EnvironmentSettings.Read(Environment(objects, container));
            var ports = container.Items("ports").ToDictionary(p => p.Text("name"), p => p.Text("containerPort"));

            ports["http"].ShouldBe(options.Http.Port.ToString(CultureInfo.InvariantCulture));
            options.Http.Address.ShouldBe(System.Net.IPAddress.Any);
            if (ports.TryGetValue("mqtt", out var mqtt))
            {
                var listener = options.Edge.Listeners.ShouldHaveSingleItem();
                listener.Port.ToString(CultureInfo.InvariantCulture).ShouldBe(mqtt);
                listener.Address.ShouldBe("0.0.0.0");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void A_pod_has_longer_to_stop_than_its_role_takes_to_drain(string values)
    {
        var objects = Render(values);
        foreach (var workload in objects.Where(o => Workloads.Contains(Kind(o))))
        {
            var pod = Pod(workload);
            var container = pod.Items("containers").Single();
            var drain = EnvironmentSettings.Read(Environment(objects, container)).ShutdownTimeout.TotalSeconds;
            var pause = double.Parse(container.Text("lifecycle", "preStop", "sleep", "seconds"), CultureInfo.InvariantCulture);

            double.Parse(pod.Text("terminationGracePeriodSeconds"), CultureInfo.InvariantCulture)
                .ShouldBeGreaterThan((2 * drain) + pause, Name(workload));
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Services_budgets_and_policies_select_pods_that_exist(string values)
    {
        var objects = Render(values);
        var pods = objects.Where(o => Workloads.Contains(Kind(o))).Select(o => o.Map("spec", "template", "metadata", "labels")).ToList();
        foreach (var o in objects)
        {
            var selectors = Kind(o) switch
            {
                "Service" => [o.Map("spec", "selector")],
                "PodDisruptionBudget" => [o.Map("spec", "selector", "matchLabels")],
                "Deployment" or "StatefulSet" => [o.Map("spec", "selector", "matchLabels")],
                "NetworkPolicy" => [o.Map("spec", "podSelector", "matchLabels")],
                _ => Array.Empty<Dictionary<string, string>>(),
            };
            foreach (var selector in selectors)
            {
                selector.ShouldNotBeEmpty(Name(o));
                pods.Count(p => selector.All(s => p.GetValueOrDefault(s.Key) == s.Value)).ShouldBe(1, $"{Kind(o)} {Name(o)} selects one role");
            }
        }

        objects.Count(o => Kind(o) == "PodDisruptionBudget").ShouldBe(5);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Ports_of_services_and_the_ingress_lead_to_ports_of_pods(string values)
    {
        var objects = Render(values);
        var services = objects.Where(o => Kind(o) == "Service").ToDictionary(Name);
        foreach (var service in services.Values)
        {
            var component = service.Text("spec", "selector", "app.kubernetes.io/component");
            var ports = objects.Where(o => Workloads.Contains(Kind(o))).SelectMany(Containers)
                .Single(c => c.Text("name") == component).Items("ports").Select(p => p.Text("name"));
            service.Items("spec", "ports").Select(p => p.Text("targetPort")).ShouldBeSubsetOf(ports, Name(service));
        }

        foreach (var backend in objects.Where(o => Kind(o) == "Ingress").SelectMany(o => o.Items("spec", "rules"))
            .SelectMany(r => r.Items("http", "paths")).Select(p => p.At("backend", "service")))
        {
            services[backend.Text("name")].Items("spec", "ports").Select(p => p.Text("name")).ShouldContain(backend.Text("port", "name"));
        }

        foreach (var set in objects.Where(o => Kind(o) == "StatefulSet"))
        {
            services[set.Text("spec", "serviceName")].Text("spec", "clusterIP").ShouldBe("None");
        }
    }

    [Fact]
    public void Scalers_move_workloads_that_exist_on_groups_and_topics_that_exist_and_within_the_partitions()
    {
        var options = new TelemetryOptions();
        foreach (var values in new[] { "scaled.yaml", "secured.yaml" })
        {
            var objects = Render(values);
            var scalers = objects.Where(o => Kind(o) == "ScaledObject").ToList();
            scalers.ShouldNotBeEmpty();
            var partitions = objects.Where(o => Workloads.Contains(Kind(o))).SelectMany(Containers)
                .Select(c => EnvironmentSettings.Read(Environment(objects, c)).Log.Partitions).Distinct().ShouldHaveSingleItem();
            foreach (var scaler in scalers)
            {
                var target = objects.Single(o => Kind(o) == scaler.Text("spec", "scaleTargetRef", "kind") && Name(o) == scaler.Text("spec", "scaleTargetRef", "name"));
                target.Find("spec", "replicas").ShouldBeNull("the scaler has the say");
                var (min, max) = (Number(scaler, "spec", "minReplicaCount"), Number(scaler, "spec", "maxReplicaCount"));
                min.ShouldBeLessThanOrEqualTo(max);
                foreach (var trigger in scaler.Items("spec", "triggers").Where(t => t.Text("type") == "kafka"))
                {
                    max.ShouldBeLessThanOrEqualTo(partitions);
                    trigger.Text("metadata", "topic").ShouldBe(LogTopics.Readings);
                    var role = target.Text("spec", "template", "metadata", "labels", "app.kubernetes.io/component");
                    trigger.Text("metadata", "consumerGroup").ShouldBe(role == "process" ? options.Processing.Group : options.Sink.Group);
                    if (values == "secured.yaml")
                    {
                        var authentication = objects.Single(o => Kind(o) == "TriggerAuthentication");
                        trigger.Text("authenticationRef", "name").ShouldBe(Name(authentication));
                        trigger.Text("metadata", "sasl").ShouldBe("scram_sha512");
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("instances beyond it would be idle", "process.autoscaling.enabled=true,kafka.partitions=4")]
    [InlineData("auth.allowAnonymous=true for a network you trust", "edge.auth.existingSecret=")]
    [InlineData("access.usersSecret: name a Secret", "access.usersSecret=")]
    [InlineData("access.metricsTokenSecret: name a Secret", "access.metricsTokenSecret=")]
    [InlineData("/image/tag", "image.tag=latest")]
    [InlineData("kafka.sasl.username is needed", "kafka.securityProtocol=SaslSsl")]
    [InlineData("proces", "proces.replicas=3")]
    public void What_cannot_work_is_refused_with_a_sentence(string sentence, string set)
    {
        var (code, _, errors) = DeployTool.Run(DeployTool.Helm(), "template", Release, Chart, "--kube-version", "1.31.0", "--set", set);

        code.ShouldNotBe(0);
        errors.ShouldContain(sentence);
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void Http_starts_closed_and_query_knows_who_may_sign_in(string values)
    {
        var objects = Render(values);
        var isOpen = values == "trial.yaml";
        foreach (var (container, environment) in objects.SelectMany(Containers).Select(c => (c, Environment(objects, c))).Where(c => c.Item2.ContainsKey("TELEMETRY__HTTP__ADDRESS")))
        {
            var access = EnvironmentSettings.Read(environment).Access;
            access.AllowAnonymousFromAnywhere.ShouldBe(isOpen, container.Text("name"));
            (access.MetricsTokenFile.Length > 0).ShouldBe(!isOpen, container.Text("name"));
        }

        var query = objects.SelectMany(Containers).Single(c => c.Text("name") == "query");
        Environment(objects, query).ContainsKey("TELEMETRY__EDGE__USERSFILE").ShouldBe(!isOpen);
    }

    [Fact]
    public void Job_before_an_install_needs_nothing_that_the_release_makes()
    {
        var job = Render("scaled.yaml").Single(o => Kind(o) == "Job");

        job.Text("metadata", "annotations", "helm.sh/hook").ShouldBe("pre-install,pre-upgrade");
        Pod(job).Items("initContainers").Concat(Pod(job).Items("containers")).Select(c => c.Items("args").First().ToString()).ShouldBe(["schemas", "topics"]);
        job.ToString().ShouldNotContain("configMapRef");
        Pod(job).Find("serviceAccountName").ShouldBeNull();
    }

    private static string[] File(string values) => values.Length == 0 ? [] : ["-f", Path.Combine(Chart, "ci", values)];

    [Fact]
    public void Grafanas_data_source_has_a_user_of_its_own_and_its_password_is_not_in_the_chart()
    {
        var objects = Render("scaled.yaml");
        var map = objects.Single(o => Kind(o) == "ConfigMap" && o.Find("metadata", "labels", "grafana_datasource") is not null);
        var source = Yaml.Documents(map.At("data").Pairs().Single().Value.ToString()).Single().Items("datasources").Single();
        source.Text("jsonData", "username").ShouldBe("grafana");
        (source.Text("jsonData", "host"), source.Text("jsonData", "port")).ShouldBe(("clickhouse", "8123"));
        source.Text("secureJsonData", "password").ShouldBe("$__env{CLICKHOUSE_GRAFANA_PASSWORD}");
        var ours = objects.SelectMany(Containers).Select(c => EnvironmentSettings.Read(Environment(objects, c)).ClickHouse.User);
        ours.ShouldNotContain("grafana", "a reader's user is nobody else's");
        Render("").ShouldNotContain(o => Name(o).EndsWith("-grafana-datasource", StringComparison.Ordinal));
    }

    private static IReadOnlyList<YamlNode> Render(string values) =>
        Yaml.Documents(DeployTool.Succeed(DeployTool.Helm(), ["template", Release, Chart, "--kube-version", "1.31.0", .. File(values)]));

    private static string Kind(YamlNode o) => o.Text("kind");

    private static string Name(YamlNode o) => o.Text("metadata", "name");

    private static YamlNode Pod(YamlNode o) => o.At("spec", "template", "spec");

    private static IEnumerable<YamlNode> Containers(YamlNode o) =>
        Workloads.Contains(Kind(o)) || Kind(o) == "Job" ? Pod(o).Items("initContainers").Concat(Pod(o).Items("containers")) : [];

    private static int Number(YamlNode node, params string[] path) => int.Parse(node.Text(path), CultureInfo.InvariantCulture);

    /// <summary>What a container sees: its ConfigMap, then its own variables; a reference stands as its path.</summary>
    private static Dictionary<string, string> Environment(IReadOnlyList<YamlNode> objects, YamlNode container)
    {
        var environment = new Dictionary<string, string>();
        foreach (var source in container.Items("envFrom"))
        {
            foreach (var (key, value) in objects.Single(o => Kind(o) == "ConfigMap" && Name(o) == source.Text("configMapRef", "name")).Map("data"))
            {
                environment[key] = value;
            }
        }

        foreach (var variable in container.Items("env"))
        {
            environment[variable.Text("name")] = variable.Find("value")?.ToString() ?? variable.Text("valueFrom", "fieldRef", "fieldPath");
        }

        return environment;
    }
}
