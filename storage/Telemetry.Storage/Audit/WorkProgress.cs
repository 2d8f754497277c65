namespace Telemetry.Storage.Audit;

/// <summary>How far a long piece of work is.</summary>
/// <param name="Step">What is done now, in words.</param>
/// <param name="Done">How much of it is done.</param>
/// <param name="Total">How much there is; 0 while that is not known.</param>
/// <param name="Unit">Of what.</param>
public readonly record struct WorkProgress(string Step, long Done, long Total, string Unit);
