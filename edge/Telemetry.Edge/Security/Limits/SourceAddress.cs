using System.Net;
using System.Net.Sockets;

namespace Telemetry.Edge.Security.Limits;

/// <summary>What counts as one address: an IPv4 address, or the /64 network of an IPv6 one, of which a single host has as many as it likes.</summary>
internal static class SourceAddress
{
    public static IPAddress Of(EndPoint? remote)
    {
        if (remote is not IPEndPoint { Address: var address })
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
