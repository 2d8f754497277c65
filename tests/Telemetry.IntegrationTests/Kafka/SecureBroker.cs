using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.IntegrationTests.Edge;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Kafka;

/// <summary>A broker with a listener for each way in: plain, TLS, mutual TLS, SCRAM over TLS and without. Null cluster: no Kafka here.</summary>
public sealed class SecureBroker : IAsyncLifetime
{
    public const string User = "edge-7";
    public const string Password = "correct-horse-battery-staple";

    private const string ScramModule = "org.apache.kafka.common.security.scram.ScramLoginModule required;";

    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-secrets-").FullName;
    private KafkaCluster? _cluster;
    private int _tls;
    private int _mutual;
    private int _scram;
    private int _bare;

    /// <summary>Client with our authority, over TLS.</summary>
    public KafkaOptions Tls => new()
    {
        BootstrapServers = Local(_tls),
        SecurityProtocol = KafkaSecurityProtocol.Ssl,
        SslCaFile = _authority.RootFile,
    };

    /// <summary>The listener that asks for a client certificate; without one.</summary>
    public KafkaOptions Mutual => Tls with { BootstrapServers = Local(_mutual) };

    /// <summary>An authority that signed nothing here.</summary>
    public string StrangerFile => _stranger.RootFile;

    /// <summary>Certificate and key of a client that our authority signed.</summary>
    public string ClientFile => _authority.ClientPem("edge-7");

    /// <summary>A file with something secret in it.</summary>
    public string Secret(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>The listener that asks for user and password, over TLS or without.</summary>
    public KafkaOptions Scram(KafkaSecurityProtocol protocol)
    {
        var tls = protocol == KafkaSecurityProtocol.SaslSsl;
        return new KafkaOptions
        {
            BootstrapServers = Local(tls ? _scram : _bare),
            SecurityProtocol = protocol,
            SslCaFile = tls ? _authority.RootFile : null,
            SaslMechanism = KafkaSaslMechanism.ScramSha512,
            SaslUsername = User,
            SaslPasswordFile = Secret("password", Password + "\n"),
        };
    }

    /// <summary>Skips the test where no broker of our own can be started.</summary>
    public void Need() => Assert.SkipWhen(_cluster is null, KafkaCluster.MissingReason(process: true) ?? "no Kafka");

    public async ValueTask InitializeAsync()
    {
        if (KafkaCluster.MissingReason(process: true) is not null)
        {
            return;
        }

        _cluster = await KafkaCluster.StartAsync(
            1,
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MUTUAL:SSL,SCRAM:SASL_SSL,BARE:SASL_PLAINTEXT",
            "ssl.keystore.type=PEM", $"ssl.keystore.location={_authority.ServerPem()}",
            "ssl.truststore.type=PEM", $"ssl.truststore.location={_authority.RootFile}",
            "listener.name.mutual.ssl.client.auth=required",
            "sasl.enabled.mechanisms=SCRAM-SHA-512",
            $"listener.name.scram.scram-sha-512.sasl.jaas.config={ScramModule}", $"listener.name.bare.scram-sha-512.sasl.jaas.config={ScramModule}");
        try
        {
            await AddListenersAsync(_cluster);
            await AddUserAsync(_cluster);
        }
        catch
        {
            // A fixture that fails here is not disposed of.
            await _cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _authority.Dispose();
        _stranger.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Local(int port) => $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>
    /// The script chooses the plain ports itself, so the other listeners come with a restart; and once more with other ports,
    /// when somebody took one meanwhile.
    /// </summary>
    private async Task AddListenersAsync(KafkaCluster cluster)
    {
        const int attemptsMax = 3;
        await cluster.StopBrokerAsync(1);
        var file = Path.Combine(cluster.DirectoryOf(1), "server.properties");
        var plain = await File.ReadAllLinesAsync(file);
        for (var attempt = 1; ; attempt++)
        {
            (_tls, _mutual, _scram, _bare) = (FreePorts.Find(), FreePorts.Find(), FreePorts.Find(), FreePorts.Find());
            var more = $",TLS://{Local(_tls)},MUTUAL://{Local(_mutual)},SCRAM://{Local(_scram)},BARE://{Local(_bare)}";
            await File.WriteAllLinesAsync(file, plain.Select(line =>
                line.StartsWith("listeners=", StringComparison.Ordinal) || line.StartsWith("advertised.listeners=", StringComparison.Ordinal)
                    ? line + more
                    : line));
            try
            {
                await cluster.StartBrokerAsync(1);
                return;
            }
            catch (InvalidOperationException) when (attempt < attemptsMax)
            {
                await File.WriteAllLinesAsync(file, plain);
            }
        }
    }

    private static async Task AddUserAsync(KafkaCluster cluster)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = cluster.BootstrapServers }).Build();
        await admin.AlterUserScramCredentialsAsync(
        [
            new UserScramCredentialUpsertion
            {
                User = User,
                ScramCredentialInfo = new ScramCredentialInfo { Mechanism = ScramMechanism.ScramSha512, Iterations = 4096 },
                Password = System.Text.Encoding.UTF8.GetBytes(Password),
            },
        ]);
    }
}
