namespace Telemetry.Contracts.Faults;

/// <summary>An exception that knows what can end it; see <see cref="Fault"/>.</summary>
public interface IFault
{
    /// <summary>What can end it.</summary>
    FaultRemedy Remedy { get; }
}
