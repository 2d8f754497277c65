using Telemetry.Streams.State;

namespace Telemetry.Tests.State;

/// <summary>A key's state in tests: the records it has seen, in order, folded so that any record lost, doubled or swapped shows.</summary>
internal sealed class CountingState
{
    public ulong Fold { get; set; }

    public long Records { get; set; }
}

internal sealed class CountingCodec : IKeyStateCodec<CountingState>
{
    public int Live { get; private set; }

    public CountingState Create(ReadOnlySpan<byte> key)
    {
        Live++;
        return new CountingState();
    }

    public void Write(CountingState state, StateWriter writer)
    {
        writer.Fixed64(state.Fold);
        writer.ZigZag(state.Records);
    }

    public CountingState Read(ReadOnlySpan<byte> key, ref StateReader reader)
    {
        Live++;
        return new CountingState { Fold = reader.Fixed64(), Records = reader.ZigZag() };
    }

    public void Release(CountingState state) => Live--;
}
