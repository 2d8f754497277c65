namespace Telemetry.Storage.Ownership;

/// <summary>Who may write the rows of a log partition. The greatest claim, by epoch and then owner, is the one that counts.</summary>
/// <param name="Epoch">One more than the greatest there was.</param>
/// <param name="Owner">Unique to one round of claiming, so that no two rounds ever share a claim.</param>
internal readonly record struct Claim(ulong Epoch, string Owner);
