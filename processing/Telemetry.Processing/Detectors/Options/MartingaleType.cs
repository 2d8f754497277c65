namespace Telemetry.Processing.Detectors;

/// <summary>Betting function of the plug-in martingale of a change-point detector.</summary>
public enum MartingaleType
{
    /// <summary>Power martingale, eps * p^(eps - 1), with the epsilon of the options.</summary>
    Power,

    /// <summary>Power martingale integrated over epsilon from 0 to 1.</summary>
    Mixture,
}
