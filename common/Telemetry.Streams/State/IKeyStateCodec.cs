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

    /// <summary>
    /// Writes what changed since the state was last <see cref="Written"/> as a whole, or read; read after that whole by
    /// <see cref="ReadChanges"/> it gives an equal state.
    /// </summary>
    /// <returns>False: it is not known, or nearly all; write the whole.</returns>
    bool TryWriteChanges(TState state, StateWriter writer) => false;

    /// <summary>Brings a state just read to where it was when the changes were written. They count as changes again.</summary>
    /// <exception cref="FormatException">The bytes are not such changes.</exception>
    void ReadChanges(TState state, ref StateReader reader) => throw new FormatException("Changes of a state that is only ever written as a whole.");

    /// <summary>The state is being written as a whole: what changes from here on is what <see cref="TryWriteChanges"/> writes.</summary>
    void Written(TState state)
    {
    }

    /// <summary>The state is not used any more: give back what it rented.</summary>
    void Release(TState state);
}
