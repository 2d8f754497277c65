namespace Telemetry.Contracts.Text;

/// <summary>Something in a document of settings that cannot be used.</summary>
/// <param name="Where">Path in the document, for example <c>rules[2].above</c>; empty: the whole.</param>
/// <param name="Problem">What is wrong and what to do, a sentence.</param>
public readonly record struct DocumentError(string Where, string Problem)
{
    /// <inheritdoc/>
    public override string ToString() => Where.Length == 0 ? Problem : $"{Where}: {Problem}";
}
