using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Native;

/// <summary>
/// The librdkafka handle inside a client of Confluent.Kafka, for what the library does not pass on: metadata of committed
/// offsets (<see cref="NativeCalls"/>). The property is internal there; a version without it is found out at once.
/// </summary>
internal static class ClientHandle
{
    private static readonly PropertyInfo Property =
        typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new NotSupportedException(
            $"Confluent.Kafka {typeof(Handle).Assembly.GetName().Version} keeps its handle elsewhere; use the version in Directory.Packages.props.");

    public static SafeHandle Of(IClient client) => (SafeHandle)Property.GetValue(client.Handle)!;
}
