using Telemetry.Streams.State;

namespace Telemetry.Tests.State;

/// <summary>A key's state in tests: the records it has seen, in order, folded so that any record lost, doubled or swapped shows.</summary>
internal sealed class CountingState
{
    public ulong Fold { get; set; }

    public long Records { get; set; }

    /// <summary>What was written as a whole last: changes are written as differences from it, so that the wrong whole shows.</summary>
    public (ulong Fold, long Records) Whole { get; set; }
}

internal sealed class CountingCodec : IKeyStateCodec<CountingState>
{
    /// <summary>Bytes that follow a whole state, so that changes are smaller.</summary>
    private const int Padding = 32;

    public int Live { get; private set; }

    public bool WritesChanges { get; init; }

    public CountingState Create(ReadOnlySpan<byte> key)
    {
        Live++;
        return new CountingState();
    }

    public void Write(CountingState state, StateWriter writer)
    {
        writer.Fixed64(state.Fold);
        writer.ZigZag(state.Records);
        writer.Raw(new byte[WritesChanges ? Padding : 0]);
    }

    public CountingState Read(ReadOnlySpan<byte> key, ref StateReader reader)
    {
        Live++;
        var state = new CountingState { Fold = reader.Fixed64(), Records = reader.ZigZag() };
        Written(state);
        return state;
    }

    public bool TryWriteChanges(CountingState state, StateWriter writer)
    {
        if (!WritesChanges)
        {
            return false;
        }

        writer.Varint(state.Fold - state.Whole.Fold);
        writer.ZigZag(state.Records - state.Whole.Records);
        return true;
    }

    public void ReadChanges(CountingState state, ref StateReader reader) =>
        (state.Fold, state.Records) = (state.Whole.Fold + reader.Varint(), state.Whole.Records + reader.ZigZag());

    public void Written(CountingState state) => state.Whole = (state.Fold, state.Records);

    public void Release(CountingState state) => Live--;
}
