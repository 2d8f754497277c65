using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Telemetry.Testing;

namespace Telemetry.Tests.Support;

public sealed class FreePortsTests
{
    [Fact]
    public void Ports_are_different_and_none_is_one_the_system_gives_to_others()
    {
        var ports = FreePorts.Find(500);

        ports.ShouldBeUnique();
        ports.ShouldAllBe(port => port < FirstGivenToOthers());
    }

    [Fact]
    public void Port_somebody_listens_on_is_left_out()
    {
        var begin = FreePorts.Find();
        using var other = new TcpListener(IPAddress.Loopback, begin + 1);
        try
        {
            other.Start();
        }
        catch (SocketException)
        {
            Assert.Skip("the port behind the one that was found is in use by another process");
        }

        FreePorts.Find(50).ShouldNotContain(begin + 1);
    }

    private static int FirstGivenToOthers() => int.Parse(
        File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t')[0], CultureInfo.InvariantCulture);
}
