using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>A topic with what people need to know of it.</summary>
/// <param name="Spec">What it should be.</param>
/// <param name="Purpose">What it is for, one sentence.</param>
/// <param name="Key">What records are keyed by: records of one key stay in order.</param>
/// <param name="Value">What the value is, and in which form.</param>
/// <param name="Writers">Roles that append.</param>
/// <param name="Readers">Roles that read.</param>
internal sealed record DeclaredTopic(
    TopicSpec Spec, string Purpose, string Key, string Value, IReadOnlyList<string> Writers, IReadOnlyList<string> Readers);
