using Telemetry.Edge.Reasons;

namespace Telemetry.Edge.Sessions;

/// <summary>What became of a copy offered to a session.</summary>
/// <param name="Drop">Why it was dropped; <see cref="DropCause.None"/> when it was taken.</param>
/// <param name="Wake">The connection that has something to write now, if any.</param>
internal readonly record struct EnqueueResult(DropCause Drop, ISessionOwner? Wake);
