namespace Telemetry.Streams.State;

/// <summary>Makes, writes and reads the state of one key.</summary>
/// <typeparam name="TState">State of one key.</typeparam>
public interface IKeyStateCodec<TState>
    where TState : class
{
    /// <summary>State of a key without any record.</summary>
    TState Create(ReadOnlySpan<byte> key);

    /// <summary>Equal states must give equal bytes.</summary>
    void Write(TState state, StateWriter writer);

    /// <exception cref="FormatException">The bytes are not such a state.</exception>
    TState Read(ReadOnlySpan<byte> key, ref StateReader reader);

    /// <summary>The state is not used any more: give back what it rented.</summary>
    void Release(TState state);
}
