namespace Telemetry.Processing.Detectors;

/// <summary>
/// Parameters of ML.NET's <c>DetectIidSpike</c>: values are taken as independent draws, and one far from the last
/// <see cref="PvalueHistoryLength"/> is a spike.
/// </summary>
public sealed record IidSpikeOptions
{
    /// <summary>Percent, 0 to 99.99999: a spike is a value with p at most 1 - Confidence / 100. ML.NET's default.</summary>
    public double Confidence { get; init; } = 99;

    /// <summary>Window of the density, in values, 1 to 16,384. No alert before it is full.</summary>
    public int PvalueHistoryLength { get; init; } = 100;

    /// <summary>Which tail counts.</summary>
    public AnomalySide Side { get; init; } = AnomalySide.TwoSided;

    /// <summary>When the detector may leave ML.NET's arithmetic.</summary>
    public DetectorRepair Repair { get; init; } = DetectorRepair.WhenDead;

    /// <summary>What is wrong with these parameters, one sentence each; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        OptionChecks.Confidence(problems, Confidence, Repair);
        OptionChecks.Window(problems, nameof(PvalueHistoryLength), PvalueHistoryLength);
        OptionChecks.Defined(problems, nameof(Side), Side);
        OptionChecks.Defined(problems, nameof(Repair), Repair);
        return problems;
    }
}
