using System.Net;
using System.Net.Sockets;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>What can be known before anything is opened: whether the data directory and the ports are free, and if not, who has them.</summary>
internal static class Preflight
{
    /// <summary>Every journal holds this file while it is open.</summary>
    private const string LockFile = "LOCK";

    /// <exception cref="IOException">In use; the message says by whom and what to do.</exception>
    public static void Check(TelemetryOptions options, Roles roles)
    {
        CheckData(options, roles);
        CheckPorts(options, roles);
    }

    /// <inheritdoc cref="Check"/>
    public static void CheckPorts(TelemetryOptions options, Roles roles)
    {
        CheckPort("HTTP", options.Http.Address, options.Http.Port, "--http-port PORT");
        if (options.Http.Tls.IsOn)
        {
            CheckPort("HTTPS", options.Http.Tls.Address, options.Http.Tls.Port, "Http:Tls:Port");
        }

        if (roles.HasFlag(Roles.Edge))
        {
            foreach (var (i, listener) in options.Edge.EffectiveListeners.Index())
            {
                // An address that is none is told by the broker.
                if ((listener.Address == "localhost" ? IPAddress.Loopback : null) is { } address || IPAddress.TryParse(listener.Address, out address))
                {
                    CheckPort("MQTT", address, listener.Port, i == 0 ? "--mqtt-port PORT" : $"Edge:Listeners:{i}:Port");
                }
            }
        }

        if (roles.HasFlag(Roles.Alarms) && options.Alarms.Grpc.Port is { } grpc)
        {
            CheckPort("gRPC", options.Http.Address, grpc, "Alarms:Grpc:Port");
        }

        if ((roles & (Roles.Store | Roles.Query)) != 0 && options is { ClickHouse.Endpoint: null, ClickHouseServer.Port: { } engine })
        {
            CheckPort("ClickHouse's HTTP interface", options.ClickHouseServer.Address, engine, "--clickhouse-http PORT");
        }
    }

    private static void CheckData(TelemetryOptions options, Roles roles)
    {
        string[] journals =
        [
            .. options.IsKafka ? Array.Empty<string>() : [options.Journal.Directory],
            .. options.Forwards && (roles & Forwarding.Intake) != 0 ? [options.Log.StoreAndForward.Directory] : Array.Empty<string>(),
        ];
        foreach (var file in journals.Select(directory => Path.GetFullPath(Path.Combine(directory, LockFile))).Where(IsHeld))
        {
            var holder = Holder.OfFile(file);
            throw new IOException(
                $"The data directory {options.Data} is in use by {holder?.ToString() ?? "another process"}. Stop that one, or give another directory with --data DIR.");
        }
    }

    private static bool IsHeld(string file)
    {
        if (!File.Exists(file))
        {
            return false;
        }

        try
        {
            new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return false; // The journal itself says what is wrong with it.
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static void CheckPort(string what, IPAddress address, int port, string another)
    {
        if (port == 0)
        {
            return;
        }

        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            var holder = Holder.OfPort(port);
            throw new IOException(
                $"{new IPEndPoint(address, port)}, for {what}, is in use by {holder?.ToString() ?? "another process"}. Stop that one, or give another with {another} (0: a free one).", e);
        }
        catch (SocketException)
        {
            // An address that this machine does not have, a right that is missing: the listener says it when it opens.
        }
    }
}
