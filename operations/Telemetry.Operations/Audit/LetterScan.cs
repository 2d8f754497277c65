using System.Text;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit;

/// <summary>
/// Reads which readings were dead-lettered, as far as their letters still hold them as a batch: a reading that was taken from a device and
/// is not stored is no loss when a letter has it.
/// </summary>
internal sealed class LetterScan(AuditEvidence evidence, IReadingSchemas schemas)
{
    /// <summary>Cause of letters whose event ids another reading has.</summary>
    public const string Conflict = "conflict";

    private readonly ReadingBatchBuffer _batch = new();

    /// <summary>Readings dead-lettered as conflicts, those of resolved letters too: each was on the log as one more reading under its id.</summary>
    public long Conflicts { get; private set; }

    public async Task ReadAsync(IRecordLog log, CancellationToken cancellationToken)
    {
        await foreach (var entry in new DeadLetterReader(log).ReadAllAsync(cancellationToken))
        {
            var letter = entry.Letter;
            if (!TryDecode(letter.Payload.Memory, letter.Source == LogTopics.Readings))
            {
                continue;
            }

            var device = Encoding.ASCII.GetString(_batch.Device);
            var isConflict = letter.Cause == Conflict;
            if (!isConflict && entry.Resolution is not null)
            {
                continue;
            }

            var sets = isConflict ? evidence.Conflicts : evidence.PutAside;
            var readings = 0L;
            for (var start = 0; letter.ReadingIndexes.Count == 0 && _batch.RunLength(start) is var length and > 0; start += length)
            {
                readings += sets.Add(device, _batch.BootId, _batch.Sequence(start), _batch.Sequence(start + length - 1));
            }

            foreach (var index in letter.ReadingIndexes.Where(i => i < _batch.Count))
            {
                readings += sets.Add(device, _batch.BootId, _batch.Sequence((int)index), _batch.Sequence((int)index));
            }

            Conflicts += isConflict ? readings : 0;
        }
    }

    private bool TryDecode(ReadOnlyMemory<byte> payload, bool framed) =>
        (framed ? _batch.TryDecodeRecord(schemas, payload) : _batch.TryDecode(ReadingBatchVersion.Undecided, payload, out _)) && _batch.Count > 0;
}
