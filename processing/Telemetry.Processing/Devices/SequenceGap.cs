using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Devices;

/// <summary>
/// Sequences of a boot that do not come. A gap has time to be filled; what is missing then and was not reported yet is reported
/// once. What lies below the first sequence ever seen of a boot is not known to be missing.
/// </summary>
internal struct SequenceGap
{
    private ulong _boot;
    private ulong _reported;

    /// <summary>When to look again, partition time in milliseconds; 0: nothing to wait for.</summary>
    public long DeadlineMs { get; private set; }

    /// <summary>After readings were added.</summary>
    public void Observe(DeviceSequences sequences, long nowMs, long toleranceMs)
    {
        if (DeadlineMs != 0)
        {
            return;
        }

        if (_boot != sequences.CurrentBoot)
        {
            _boot = sequences.CurrentBoot;
            _reported = 0;
        }

        var missing = sequences.CurrentMissing;
        if (missing > _reported)
        {
            DeadlineMs = nowMs + toleranceMs;
        }
        else
        {
            _reported = missing;
        }
    }

    /// <summary>The deadline has passed: the boot and how many sequences to report, 0 when the gap was filled in time.</summary>
    public (ulong Boot, ulong Missing) Expire(DeviceSequences sequences, long nowMs, long toleranceMs)
    {
        var missing = sequences.MissingOf(_boot);
        var report = missing > _reported ? missing - _reported : 0;
        var boot = _boot;
        _reported = missing;
        DeadlineMs = 0;
        Observe(sequences, nowMs, toleranceMs);
        return (boot, report);
    }

    public readonly void Write(StateWriter writer)
    {
        writer.Fixed64(_boot);
        writer.Varint(_reported);
        writer.ZigZag(DeadlineMs);
    }

    public static SequenceGap Read(ref StateReader reader) => new()
    {
        _boot = reader.Fixed64(),
        _reported = reader.Varint(),
        DeadlineMs = reader.ZigZag(),
    };
}
