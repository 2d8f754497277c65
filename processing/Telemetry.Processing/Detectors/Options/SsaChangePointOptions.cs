namespace Telemetry.Processing.Detectors;

/// <summary>
/// Parameters of ML.NET's <c>DetectChangePointBySsa</c>: a martingale over the p-values of the differences between values
/// and the forecasts of a singular spectrum analysis fitted once on the first <see cref="TrainingWindowSize"/> values.
/// </summary>
public sealed record SsaChangePointOptions
{
    /// <summary>Percent, 0 to 99.99999; the martingale's threshold is the bet on p = 1 - Confidence / 100, that often.</summary>
    public double Confidence { get; init; } = 95;

    /// <summary>Window of the density and of the martingale, in values, 1 to 16,384.</summary>
    public int ChangeHistoryLength { get; init; } = 20;

    /// <summary>Values to learn from, more than twice <see cref="SeasonalityWindowSize"/>, at most 16,384.</summary>
    public int TrainingWindowSize { get; init; } = 100;

    /// <summary>Longest period to be learned, in values, 2 to 512. Training costs its third power.</summary>
    public int SeasonalityWindowSize { get; init; } = 10;

    /// <summary>How value and forecast become a residual.</summary>
    public ErrorFunction ErrorFunction { get; init; } = ErrorFunction.SignedDifference;

    /// <summary>Betting function.</summary>
    public MartingaleType Martingale { get; init; } = MartingaleType.Power;

    /// <summary>Epsilon of the power martingale, between 0 and 1, both excluded.</summary>
    public double PowerMartingaleEpsilon { get; init; } = 0.1;

    /// <summary>Which of ML.NET's two orders runs.</summary>
    public SsaOrder Order { get; init; } = SsaOrder.PredictThenConsume;

    /// <summary>When the detector may leave ML.NET's arithmetic.</summary>
    public DetectorRepair Repair { get; init; } = DetectorRepair.WhenDead;

    /// <summary>What is wrong with these parameters, one sentence each; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        OptionChecks.Confidence(problems, Confidence, Repair);
        OptionChecks.Window(problems, nameof(ChangeHistoryLength), ChangeHistoryLength);
        OptionChecks.Training(problems, TrainingWindowSize, SeasonalityWindowSize);
        OptionChecks.Defined(problems, nameof(ErrorFunction), ErrorFunction);
        OptionChecks.Defined(problems, nameof(Martingale), Martingale);
        OptionChecks.Epsilon(problems, PowerMartingaleEpsilon);
        OptionChecks.Defined(problems, nameof(Order), Order);
        OptionChecks.Defined(problems, nameof(Repair), Repair);
        return problems;
    }
}
