namespace Telemetry.Processing.Detectors;

/// <summary>
/// Parameters of ML.NET's <c>DetectSpikeBySsa</c>: a spike is a large difference between a value and the forecast of a
/// singular spectrum analysis fitted once on the first <see cref="TrainingWindowSize"/> values.
/// </summary>
public sealed record SsaSpikeOptions
{
    /// <summary>Percent, 0 to 99.99999: a spike is a value with p at most 1 - Confidence / 100.</summary>
    public double Confidence { get; init; } = 99;

    /// <summary>Window of the density of residuals, in values, 1 to 16,384. No alert before it is full.</summary>
    public int PvalueHistoryLength { get; init; } = 100;

    /// <summary>Values to learn from, more than twice <see cref="SeasonalityWindowSize"/>, at most 16,384.</summary>
    public int TrainingWindowSize { get; init; } = 100;

    /// <summary>Longest period to be learned, in values, 2 to 512. Training costs its third power.</summary>
    public int SeasonalityWindowSize { get; init; } = 10;

    /// <summary>Which tail of the residuals counts.</summary>
    public AnomalySide Side { get; init; } = AnomalySide.TwoSided;

    /// <summary>How value and forecast become a residual.</summary>
    public ErrorFunction ErrorFunction { get; init; } = ErrorFunction.SignedDifference;

    /// <summary>Which of ML.NET's two orders runs.</summary>
    public SsaOrder Order { get; init; } = SsaOrder.PredictThenConsume;

    /// <summary>When the detector may leave ML.NET's arithmetic.</summary>
    public DetectorRepair Repair { get; init; } = DetectorRepair.WhenDead;

    /// <summary>What is wrong with these parameters, one sentence each; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        OptionChecks.Confidence(problems, Confidence, Repair);
        OptionChecks.Window(problems, nameof(PvalueHistoryLength), PvalueHistoryLength);
        OptionChecks.Training(problems, TrainingWindowSize, SeasonalityWindowSize);
        OptionChecks.Defined(problems, nameof(Side), Side);
        OptionChecks.Defined(problems, nameof(ErrorFunction), ErrorFunction);
        OptionChecks.Defined(problems, nameof(Order), Order);
        OptionChecks.Defined(problems, nameof(Repair), Repair);
        return problems;
    }
}
