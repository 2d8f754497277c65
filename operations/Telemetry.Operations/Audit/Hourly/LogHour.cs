using Telemetry.Contracts.Readings;
using Telemetry.Storage.Audit;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>The readings of one hour of event time, as the log has them: each event id counts once.</summary>
internal sealed class LogHour(long bytesMax)
{
    private readonly SequenceSets _ids = new(SequenceShare.All, new SequenceBudget(bytesMax));
    private double _sum;
    private double _magnitude;

    /// <summary>True: there are more event ids than the hour has memory for. It counts no more, and is not compared.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>Event ids; empty when there were too many.</summary>
    public SequenceSets Ids => _ids;

    public HourFigures Figures => new(_ids.Count, _sum, _magnitude);

    /// <summary>Adds readings of a batch whose sequences are consecutive.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="start">Index of the first.</param>
    /// <param name="length">How many.</param>
    public void Add(ReadingBatchBuffer batch, int start, int length)
    {
        if (IsTooLarge)
        {
            return;
        }

        try
        {
            var device = _ids.Name(batch.Device);
            var held = _ids.Of(new ReadingKey(device, batch.BootId));
            for (var i = start; i < start + length; i++)
            {
                if (Math.Abs(batch.Values[i]) <= HourFigures.SummedMax && (held.Count == 0 || !held.Contains(batch.Sequence(i))))
                {
                    _sum += batch.Values[i];
                    _magnitude += Math.Abs(batch.Values[i]);
                }
            }

            _ids.Add(device, batch.BootId, batch.Sequence(start), batch.Sequence(start + length - 1));
        }
        catch (SequencesTooManyException)
        {
            IsTooLarge = true;
        }
    }
}
