using System.Net;
using System.Net.Sockets;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>What can be known before anything is opened: whether the data directory and the ports are free, and if not, who has them.</summary>
internal static class Preflight
{
    /// <exception cref="IOException">In use; the message says by whom and what to do.</exception>
    public static void Check(TelemetryOptions options, Roles roles)
    {
        CheckData(options, roles);
        CheckPorts(options, roles);
    }

    /// <inheritdoc cref="Check"/>
    public static void CheckPorts(TelemetryOptions options, Roles roles)
    {
        foreach (var port in Ports(options, roles))
        {
            // An address that this machine does not have, a right that is missing: the listener says it when it opens.
            if (port.Try() is { SocketErrorCode: SocketError.AddressAlreadyInUse } error)
            {
                throw new IOException(port.Explain(error), error);
            }
        }
    }

    /// <summary>Where roles with these settings listen.</summary>
    public static IEnumerable<ListenedPort> Ports(TelemetryOptions options, Roles roles)
    {
        yield return new ListenedPort("HTTP", options.Http.Address, options.Http.Port, "--http-port PORT");
        if (options.Http.Tls.IsOn)
        {
            yield return new ListenedPort("HTTPS", options.Http.Tls.Address, options.Http.Tls.Port, "Http:Tls:Port");
        }

        if (roles.HasFlag(Roles.Edge))
        {
            foreach (var (i, listener) in options.Edge.EffectiveListeners.Index())
            {
                // An address that is none is told by the broker.
                if ((listener.Address == "localhost" ? IPAddress.Loopback : null) is { } address || IPAddress.TryParse(listener.Address, out address))
                {
                    yield return new ListenedPort("MQTT", address, listener.Port, i == 0 ? "--mqtt-port PORT" : $"Edge:Listeners:{i}:Port");
                }
            }
        }

        if (roles.HasFlag(Roles.Alarms) && options.Alarms.Grpc.Port is { } grpc)
        {
            yield return new ListenedPort("gRPC", options.Http.Address, grpc, "Alarms:Grpc:Port");
        }

        if ((roles & (Roles.Store | Roles.Query)) != 0 && options is { ClickHouse.Endpoint: null, ClickHouseServer.Port: { } engine })
        {
            yield return new ListenedPort("ClickHouse's HTTP interface", options.ClickHouseServer.Address, engine, "--clickhouse-http PORT");
        }
    }

    private static void CheckData(TelemetryOptions options, Roles roles)
    {
        string[] journals =
        [
            .. options.IsKafka ? Array.Empty<string>() : [options.Journal.Directory],
            .. options.Forwards && (roles & Forwarding.Intake) != 0 ? [options.Log.StoreAndForward.Directory] : Array.Empty<string>(),
        ];
        foreach (var file in journals.Select(JournalLock.FindHeld).OfType<string>())
        {
            var holder = Holder.OfFile(file);
            throw new IOException(
                $"The data directory {options.Data} is in use by {holder?.ToString() ?? "another process"}. Stop that one, or give another directory with --data DIR.");
        }
    }
}
