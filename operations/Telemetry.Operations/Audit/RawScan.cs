using Telemetry.Storage.Audit;

namespace Telemetry.Operations.Audit;

/// <summary>Reads which sequences the raw table holds, in a share of all event ids.</summary>
internal sealed class RawScan(AuditEvidence evidence, AuditQueries queries)
{
    private readonly Dictionary<ReadingKey, long> _doubled = [];

    /// <summary>Rows of raw that belong to the share.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows beyond the first of each event id.</summary>
    public long Doubled { get; private set; }

    /// <summary>The first boots with doubled rows, and how many each has.</summary>
    public IReadOnlyDictionary<ReadingKey, long> DoubledBoots => _doubled;

    /// <param name="months">Months to read.</param>
    /// <param name="recentFromUs">Rows with event times from here on must still be on the log.</param>
    /// <param name="total">Rows of raw.</param>
    /// <param name="progress">Told how far this is; null for nobody.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task ReadAsync(
        IReadOnlyList<int> months, long recentFromUs, long total, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var done = 0L;
        foreach (var month in months)
        {
            await foreach (var slice in queries.SequenceSlicesAsync(month, cancellationToken))
            {
                await foreach (var boot in queries.SequencesAsync(slice, evidence.Share, recentFromUs, cancellationToken))
                {
                    Add(boot);
                }

                done += slice.Rows;
                progress?.Report(new WorkProgress("Reading raw", done, total, "readings"));
            }
        }
    }

    private void Add(in BootSequences boot)
    {
        var sequences = boot.Sequences.Span;
        sequences.Sort();
        var before = evidence.Raw.Count;
        for (var i = 0; i < sequences.Length; i++)
        {
            var first = sequences[i];
            while (i + 1 < sequences.Length && sequences[i + 1] - sequences[i] <= 1)
            {
                i++;
            }

            evidence.Raw.Add(boot.Device, boot.BootId, first, sequences[i]);
            if (!evidence.LogIsWhole && boot.IsRecent)
            {
                evidence.RawRecent.Add(boot.Device, boot.BootId, first, sequences[i]);
            }
        }

        Rows += sequences.Length;
        var doubled = sequences.Length - (evidence.Raw.Count - before);
        if (doubled > 0)
        {
            Doubled += doubled;
            var key = new ReadingKey(boot.Device, boot.BootId);
            if (_doubled.Count < 50 || _doubled.ContainsKey(key))
            {
                _doubled[key] = _doubled.GetValueOrDefault(key) + doubled;
            }
        }
    }
}
