namespace Telemetry.Operations.Audit;

/// <summary>Bytes that the sets of an audit may take together. What is beyond is compared in smaller shares.</summary>
internal sealed class SequenceBudget(long bytesMax)
{
    private long _taken;

    /// <exception cref="SequencesTooManyException">There is no room.</exception>
    public void Take(long bytes)
    {
        _taken += bytes;
        if (_taken > bytesMax)
        {
            throw new SequencesTooManyException();
        }
    }
}

/// <summary>The sequences of a share do not fit in the audit's memory.</summary>
internal sealed class SequencesTooManyException() : Exception("The sequences of a share do not fit in the audit's memory.");
