using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>Settings of the MQTT broker. Every default works on one machine, open to that machine only.</summary>
public sealed record EdgeOptions
{
    private static readonly MqttListenerOptions[] DefaultListeners = [new()];

    /// <summary>Where to listen. Empty, the default: 127.0.0.1:1883 without TLS.</summary>
    public MqttListenerOptions[] Listeners { get; init; } = [];

    /// <summary><see cref="Listeners"/>, or the default one.</summary>
    public IReadOnlyList<MqttListenerOptions> EffectiveListeners => Listeners is { Length: > 0 } ? Listeners : DefaultListeners;

    /// <summary>
    /// Lets clients that gave no credentials in from other machines too. Default false: a listener on an address that is not
    /// loopback then needs users or client certificates, or the start fails.
    /// </summary>
    public bool AllowAnonymousFromAnywhere { get; init; }

    /// <summary>
    /// Origins, such as https://plant.example, whose pages may connect over WebSocket beside this server's own; * for all. A program
    /// that sends no Origin is always taken. Default none.
    /// </summary>
    public string[] AllowedOrigins { get; init; } = [];

    /// <summary>Users who may connect. With any user here or in <see cref="UsersFile"/>, nobody connects without credentials.</summary>
    public MqttUserOptions[] Users { get; init; } = [];

    /// <summary>
    /// File with one <c>name:hash</c> a line, written by <c>telemetry users add</c>; # starts a comment. Where it is set nobody connects without
    /// credentials, even when it names nobody.
    /// </summary>
    public string? UsersFile { get; init; }

    /// <summary>
    /// Between two looks at whether the files of users, rules, certificates, authorities, revocation lists and keys changed; where the file system
    /// tells of changes they count at once. SIGHUP reads all. A file that cannot be used changes nothing. Default 10 s; 0 looks never.
    /// </summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>True (default): connections of a user that was removed from <see cref="UsersFile"/> are ended (0x98).</summary>
    public bool DisconnectRemovedUsers { get; init; } = true;

    /// <summary>Limits by client, address and listener.</summary>
    public LimitOptions Limits { get; init; } = new();

    /// <summary>JSON Web Tokens as passwords.</summary>
    public TokenOptions Tokens { get; init; } = new();

    /// <summary>Checking passwords.</summary>
    public PasswordOptions Passwords { get; init; } = new();

    /// <summary>What clients may publish and subscribe to; empty, the default, and no <see cref="RulesFile"/>: everything.</summary>
    public AccessRuleOptions[] AccessRules { get; init; } = [];

    /// <summary>
    /// File with more rules, one <c>allow|deny publish|subscribe|all WHO FILTER</c> a line (docs/security.md); # starts a comment.
    /// </summary>
    public string? RulesFile { get; init; }

    /// <summary>
    /// What a CONNECT gets whose client id has a session of another identity (user, token subject or certificate): Refuse (default),
    /// CONNACK 0x87 (3.1.1: 5), or Fresh, an empty session in its place. With Fresh anyone who may connect can end anyone's session.
    /// </summary>
    public ForeignSession SessionOfAnotherIdentity { get; init; } = ForeignSession.Refuse;

    /// <summary>Connections at once; more are refused with CONNACK 0x89 (3.1.1: 0x03). Default 16,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; init; } = 16_000;

    /// <summary>Connections the kernel keeps ready to be taken. Default 4,096.</summary>
    [Range(1, 65_535)]
    public int Backlog { get; init; } = 4_096;

    /// <summary>Time from the connection to the end of CONNECT. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// TLS handshakes that are computed at once; more wait in line, so that a storm of clients that come back does not hold up those that are there.
    /// One that waits for its client is not counted. Default 0: half of the cores, one at least.
    /// </summary>
    [Range(0, 1024)]
    public int MaxHandshakesAtOnce { get; init; }

    /// <summary>
    /// Longest Keep Alive. A larger one, or none, gets this as Server Keep Alive (MQTT 5; 3.1.1 clients are only watched
    /// when they asked for it). Default zero: the client's value rules.
    /// </summary>
    public TimeSpan MaxKeepAlive { get; init; }

    /// <summary>
    /// How long a connection of a client without Keep Alive is silent before TCP probes it, and finds a peer that is gone without a
    /// word. Default 1 min; zero: never.
    /// </summary>
    public TimeSpan TcpKeepAlive { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often the broker's figures are published on <c>$SYS/broker/...</c>. Default 10 s; zero: never.</summary>
    public TimeSpan SysInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>QoS 1 and 2 publishes that one client may have unanswered. Default 1,000.</summary>
    [Range(1, 65_535)]
    public int ReceiveMaximum { get; init; } = 1_000;

    /// <summary>Largest packet taken, in bytes. Default 1 MiB.</summary>
    [Range(256, 268_435_460)]
    public int MaximumPacketSize { get; init; } = 1024 * 1024;

    /// <summary>
    /// Largest CONNECT taken, in bytes: nobody is authenticated yet. A will larger than about 63 KiB needs more. Default 64 KiB.
    /// </summary>
    [Range(256, 268_435_460)]
    public int MaxConnectPacketSize { get; init; } = 64 * 1024;

    /// <summary>
    /// Bytes of CONNECT packets that are not answered yet, over all connections: those still coming in, and those whose
    /// credentials are being checked. Beyond it connections are closed. Default 64 MiB.
    /// </summary>
    [Range(65_536, long.MaxValue)]
    public long MaxConnectBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>
    /// Takes clients of MQTT 3.1 (protocol name MQIsdp), as old gateways are, and treats them as those of 3.1.1. False: they get
    /// return code 1. Default true.
    /// </summary>
    public bool AcceptMqtt31 { get; init; } = true;

    /// <summary>Topic aliases one client may set. Default 64.</summary>
    [Range(0, 65_535)]
    public int TopicAliasMaximum { get; init; } = 64;

    /// <summary>Topic aliases we set towards one client, if it allows them. Default 32.</summary>
    [Range(0, 65_535)]
    public int OutboundTopicAliasMaximum { get; init; } = 32;

    /// <summary>Longest life of a session without a connection; longer wishes are cut to it. Default 7 days.</summary>
    public TimeSpan SessionExpiryMax { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Sessions kept, with and without connection. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int MaxSessions { get; init; } = 100_000;

    /// <summary>Messages that may wait for one session. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxQueuedMessages { get; init; } = 1_000;

    /// <summary>Bytes that may wait for one session, being sent and not yet acknowledged included. Default 4 MiB.</summary>
    [Range(1024, long.MaxValue)]
    public long MaxQueuedBytes { get; init; } = 4L * 1024 * 1024;

    /// <summary>
    /// Bytes that the queues of all sessions may hold together; a message counts once however many sessions wait for it. What comes beyond
    /// it is dropped and counted (cause BudgetFull). Default 256 MiB.
    /// </summary>
    [Range(1024, long.MaxValue)]
    public long MaxQueuedBytesTotal { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// Topic filters, such as <c>plant/+/state</c>, whose messages of QoS 1 are acknowledged to their publisher when this broker has them in memory
    /// and on their way to the log, not when the log has them: faster, and what was acknowledged in the last moment before a crash may be lost.
    /// QoS 2 and ingest topics always wait for the log. Default none.
    /// </summary>
    public string[] AcknowledgeFromMemory { get; init; } = [];

    /// <summary>QoS 1 and 2 messages in flight to one client, whatever its Receive Maximum. Default 256.</summary>
    [Range(1, 65_535)]
    public int MaxInFlight { get; init; } = 256;

    /// <summary>Subscriptions of one session. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxSubscriptionsPerSession { get; init; } = 1_000;

    /// <summary>Levels in a topic filter and in a retained topic. Default 200.</summary>
    [Range(1, 32_768)]
    public int MaxTopicLevels { get; init; } = 200;

    /// <summary>Retained messages. 0: none, and MQTT 5 clients are told so (Retain Available 0). Default 100,000.</summary>
    [Range(0, 100_000_000)]
    public int MaxRetainedMessages { get; init; } = 100_000;

    /// <summary>Bytes of retained messages, the tree of their topics included. Default 64 MiB.</summary>
    [Range(0, long.MaxValue)]
    public long MaxRetainedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>
    /// Response Information for MQTT 5 clients that ask for it: where they may have answers sent to, <c>{client}</c> standing for their Client
    /// Identifier. Default none.
    /// </summary>
    public string? ResponseInformation { get; init; }

    /// <summary>
    /// Server Reference: other brokers, as <c>host:port</c> with a space between two. MQTT 5 clients are told it with 0x9C when this broker
    /// stops or has no room for their connection. Default none.
    /// </summary>
    public string? ServerReference { get; init; }

    /// <summary>
    /// Takes no clients any more: each CONNECT is refused with 0x9D and <see cref="ServerReference"/> (3.1.1: 0x03). Default false.
    /// </summary>
    public bool ServerMoved { get; init; }

    /// <summary>
    /// How long a connection that was told why it is closed is still read, so that the reason arrives before a reset. Default 2 s.
    /// </summary>
    public TimeSpan LingerTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Bytes read and thrown away at most while lingering. Default 1 MiB.</summary>
    [Range(0, int.MaxValue)]
    public int LingerBytes { get; init; } = 1024 * 1024;

    /// <summary>How long a stop waits for answers that the log still owes. Default 10 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
