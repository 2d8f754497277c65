using Telemetry.Contracts.Readings;
using Telemetry.Storage.Audit;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>Which readings dead letters hold; read when an hour of the store lacks some.</summary>
internal sealed class LetterCounts
{
    private readonly AuditEvidence _evidence;

    private LetterCounts(AuditEvidence evidence) => _evidence = evidence;

    /// <summary>Reads all letters; when they do not fit in memory, those that did count.</summary>
    public static async Task<LetterCounts> ReadAsync(IRecordLog log, IReadingSchemas schemas, long bytesMax, CancellationToken cancellationToken)
    {
        var evidence = new AuditEvidence(SequenceShare.All, new SequenceBudget(bytesMax));
        try
        {
            await new LetterScan(evidence, schemas).ReadAsync(log, cancellationToken);
        }
        catch (SequencesTooManyException)
        {
            // The rest is told as missing, which is the safe side.
        }

        return new LetterCounts(evidence);
    }

    /// <summary>Readings of an hour that a letter holds.</summary>
    public long Of(LogHour hour) => hour.Ids.All.Sum(boot =>
        boot.Value.Within(_evidence.PutAside.Of(boot.Key)).Count + boot.Value.Within(_evidence.Conflicts.Of(boot.Key)).Count);
}
