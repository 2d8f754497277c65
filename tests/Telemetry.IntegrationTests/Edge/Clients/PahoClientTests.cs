using System.Globalization;

namespace Telemetry.IntegrationTests.Edge.Clients;

/// <summary>Eclipse Paho for Python over every transport and in both versions.</summary>
public sealed class PahoClientTests
{
    /// <summary>Subscribes, publishes 50 messages at each QoS, and ends well when each came back once and in order.</summary>
    private const string Script = """
        import sys, threading
        import paho.mqtt.client as mqtt
        version = mqtt.MQTTv5 if sys.argv[2] == "5" else mqtt.MQTTv311
        arguments = dict(client_id="paho", protocol=version, transport=sys.argv[3])
        if hasattr(mqtt, "CallbackAPIVersion"):
            arguments["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
        client = mqtt.Client(**arguments)
        got, all_here, ready = [], threading.Event(), threading.Event()
        def message(c, u, m):
            got.append((m.topic, int(m.payload)))
            if len(got) == 150:
                all_here.set()
        client.on_message = message
        client.on_subscribe = lambda *a: ready.set()
        client.on_connect = lambda c, *a: c.subscribe("p/#", 2)
        client.will_set("will", b"dead", 1)
        if sys.argv[3] == "websockets":
            client.ws_set_options(path="/mqtt")
        if len(sys.argv) > 4:
            client.tls_set(ca_certs=sys.argv[4])
        client.connect("127.0.0.1", int(sys.argv[1]), 30)
        client.loop_start()
        assert ready.wait(15), "no SUBACK"
        for n in range(50):
            for qos in range(3):
                client.publish("p/%d" % qos, str(n), qos)
        assert all_here.wait(15), "%d of 150 came" % len(got)
        for qos in range(3):
            assert [n for t, n in got if t == "p/%d" % qos] == list(range(50)), "order of QoS %d" % qos
        client.disconnect()
        client.loop_stop()
        print("good")
        """;

    [Theory]
    [InlineData(Transport.Tcp, "4")]
    [InlineData(Transport.Tcp, "5")]
    [InlineData(Transport.Tls, "4")]
    [InlineData(Transport.Tls, "5")]
    [InlineData(Transport.WebSocket, "4")]
    [InlineData(Transport.WebSocket, "5")]
    [InlineData(Transport.SecureWebSocket, "4")]
    [InlineData(Transport.SecureWebSocket, "5")]
    public async Task Paho_gets_every_message_back_once_and_in_order(Transport transport, string version)
    {
        var python = await PythonAsync();
        await using var transports = await Transports.StartAsync();
        var output = await ClientProcess.RunAsync(
            python,
            [
                "-c",
                Script,
                transports.PortOf(transport).ToString(CultureInfo.InvariantCulture),
                version,
                transport is Transport.Tcp or Transport.Tls ? "tcp" : "websockets",
                .. Transports.IsSecure(transport) ? [transports.Authority.RootFile] : Array.Empty<string>(),
            ]);
        output.Trim().ShouldBe("good");
    }

    private static async Task<string> PythonAsync()
    {
        // The system's own Python first: that is where a distribution's package goes.
        foreach (var python in new[] { "/usr/bin/python3", ClientProcess.Find("python3") })
        {
            if (python is not null && File.Exists(python))
            {
                await using var process = ClientProcess.Start(
                    python, ["-c", "import importlib.util as u; print(bool(u.find_spec('paho') and u.find_spec('paho.mqtt.client')))"]);
                if ((await process.ReadToEndAsync()).Trim() == "True")
                {
                    return python;
                }
            }
        }

        Assert.Skip("The Paho MQTT client for Python is not installed (Debian: python3-paho-mqtt).");
        return "";
    }
}
