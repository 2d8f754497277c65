namespace Telemetry.Testing.Servers.Kafka;

/// <summary>Brokers of our own, to be killed and started again. Broker ids start at 1.</summary>
internal interface IKafkaBrokers : IAsyncDisposable
{
    /// <summary>Addresses for clients: host:port, comma-separated.</summary>
    string BootstrapServers { get; }

    /// <summary>SIGKILL: a crash.</summary>
    Task KillAsync(int id);

    /// <summary>Starts a killed or stopped broker on its data; returns when it answers.</summary>
    Task StartAsync(int id);

    /// <summary>Orderly stop.</summary>
    Task StopAsync(int id);

    /// <summary>A stall: the process stands still.</summary>
    Task PauseAsync(int id);

    /// <summary>Ends a stall.</summary>
    Task ResumeAsync(int id);

    /// <summary>Id of the active controller.</summary>
    Task<int> ControllerAsync();

    /// <summary>One of Kafka's own tools: topics, groups, configs, leaders, transactions, acls.</summary>
    /// <returns>What it printed.</returns>
    Task<string> ToolAsync(string tool, IReadOnlyList<string> arguments);
}
