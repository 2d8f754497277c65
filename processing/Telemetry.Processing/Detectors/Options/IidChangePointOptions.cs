namespace Telemetry.Processing.Detectors;

/// <summary>
/// Parameters of ML.NET's <c>DetectIidChangePoint</c>: a martingale over the p-values of the last
/// <see cref="ChangeHistoryLength"/> values that grows when they stay strange.
/// </summary>
public sealed record IidChangePointOptions
{
    /// <summary>Percent, 0 to 99.99999; the martingale's threshold is the bet on p = 1 - Confidence / 100, that often.</summary>
    public double Confidence { get; init; } = 95;

    /// <summary>Window of the density and of the martingale, in values, 1 to 16,384.</summary>
    public int ChangeHistoryLength { get; init; } = 20;

    /// <summary>Betting function.</summary>
    public MartingaleType Martingale { get; init; } = MartingaleType.Power;

    /// <summary>Epsilon of the power martingale, between 0 and 1, both excluded.</summary>
    public double PowerMartingaleEpsilon { get; init; } = 0.1;

    /// <summary>When the detector may leave ML.NET's arithmetic.</summary>
    public DetectorRepair Repair { get; init; } = DetectorRepair.WhenDead;

    /// <summary>What is wrong with these parameters, one sentence each; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        OptionChecks.Confidence(problems, Confidence, Repair);
        OptionChecks.Window(problems, nameof(ChangeHistoryLength), ChangeHistoryLength);
        OptionChecks.Defined(problems, nameof(Martingale), Martingale);
        OptionChecks.Epsilon(problems, PowerMartingaleEpsilon);
        OptionChecks.Defined(problems, nameof(Repair), Repair);
        return problems;
    }
}
