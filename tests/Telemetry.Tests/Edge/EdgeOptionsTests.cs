using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;

namespace Telemetry.Tests.Edge;

public sealed class EdgeOptionsTests
{
    public static TheoryData<string, EdgeOptions> Wrong => new()
    {
        { "Listeners[1].", new EdgeOptions { Listeners = [new(), new() { Port = 70_000 }] } },
        { "Listeners[0].", new EdgeOptions { Listeners = [new() { Address = "" }] } },
        { "Listeners[0] is null", new EdgeOptions { Listeners = [null!] } },
        { "Listeners is null", new EdgeOptions { Listeners = null! } },
        { "Listeners[0].Tls.CertificateFile: there is no file 'none.pem'", new EdgeOptions { Listeners = [new() { Tls = new() { CertificateFile = "none.pem" } }] } },
        { "Listeners[0].Tls.", new EdgeOptions { Listeners = [new() { Tls = new() { CertificateFile = "" } }] } },
        { "Users[0].", new EdgeOptions { Users = [new() { PasswordHash = "x" }] } },
        { "the password hash of 'a'", new EdgeOptions { Users = [new() { Name = "a", PasswordHash = "x" }] } },
        { "AccessRules[0].Publish[1] is empty", new EdgeOptions { AccessRules = [new() { Publish = ["a", ""] }] } },
        { "UsersFile: there is no file", new EdgeOptions { UsersFile = "none" } },
        { "AllowedOrigins[1] is 'plant.example'", new EdgeOptions { AllowedOrigins = ["https://plant.example", "plant.example"] } },
        { "AllowedOrigins[0] is 'https://plant.example/page'", new EdgeOptions { AllowedOrigins = ["https://plant.example/page"] } },
        { "AcknowledgeFromMemory[1] is 'a#'", new EdgeOptions { AcknowledgeFromMemory = ["a/#", "a#"] } },
        { "AcknowledgeFromMemory[0] is '$share/g/a'; give the filter without", new EdgeOptions { AcknowledgeFromMemory = ["$share/g/a"] } },
        { "ConnectTimeout is 00:00:00", new EdgeOptions { ConnectTimeout = TimeSpan.Zero } },
        { "MaxConnections", new EdgeOptions { MaxConnections = 0 } },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void Wrong_option_is_named_with_its_place(string expected, EdgeOptions options) =>
        Should.Throw<EdgeConfigurationException>(() => new MqttBroker(options, null, NullLoggerFactory.Instance, TimeProvider.System))
            .Message.ShouldContain(expected);

    [Fact]
    public void Every_error_is_told_at_once()
    {
        var options = new EdgeOptions { MaxConnections = 0, Listeners = [new() { Port = -1 }], LingerTime = TimeSpan.FromDays(100) };
        var message = Should.Throw<EdgeConfigurationException>(
            () => new MqttBroker(options, null, NullLoggerFactory.Instance, TimeProvider.System)).Message;
        message.ShouldContain("MaxConnections");
        message.ShouldContain("Listeners[0].");
        message.ShouldContain("LingerTime");
    }
}
