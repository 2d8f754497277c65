namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>What the fold of a partition counted since it was last asked.</summary>
internal sealed class FoldCounts
{
    public long[] Messages { get; } = new long[(int)Wire.SparkplugVerb.DData + 1];

    public long Readings { get; set; }

    public long Historical { get; set; }

    /// <summary>Messages lost in gaps.</summary>
    public long Lost { get; set; }

    /// <summary>Messages without effect, by reason.</summary>
    public Dictionary<string, long> Ignored { get; } = [];

    /// <summary>Metrics that became no reading and no dead letter, by reason.</summary>
    public Dictionary<string, long> Passed { get; } = [];

    /// <summary>Dead letters by cause.</summary>
    public Dictionary<string, long> DeadLetters { get; } = [];

    public void Ignore(string reason) => Add(Ignored, reason);

    public void Pass(string reason) => Add(Passed, reason);

    public void DeadLetter(string cause) => Add(DeadLetters, cause);

    public void Clear()
    {
        Array.Clear(Messages);
        Readings = Historical = Lost = 0;
        Ignored.Clear();
        Passed.Clear();
        DeadLetters.Clear();
    }

    private static void Add(Dictionary<string, long> counts, string reason) => counts[reason] = counts.GetValueOrDefault(reason) + 1;
}
