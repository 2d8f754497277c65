namespace Telemetry.Fuzz;

/// <summary>An input that broke a rule of the target.</summary>
public sealed class FindingException : Exception
{
    public FindingException(string message)
        : base(message)
    {
    }

    public FindingException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
