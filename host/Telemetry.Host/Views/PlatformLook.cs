using Telemetry.Query.Health;

namespace Telemetry.Host.Views;

/// <summary>What a view shows of a platform, be it one process or several.</summary>
/// <param name="Http">Address of console and API.</param>
/// <param name="Mqtt">Address for devices.</param>
/// <param name="Health">The newest figures.</param>
/// <param name="NotReady">What is missing.</param>
/// <param name="Roles">A line on each process, where roles run apart.</param>
internal sealed record PlatformLook(
    string Http, string Mqtt, PipelineHealth Health, IReadOnlyList<string> NotReady, IReadOnlyList<string> Roles);
