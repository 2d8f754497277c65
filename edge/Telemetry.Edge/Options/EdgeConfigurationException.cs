namespace Telemetry.Edge;

/// <summary>The options cannot work; the message names the option and the remedy.</summary>
public sealed class EdgeConfigurationException : Exception
{
    public EdgeConfigurationException()
    {
    }

    public EdgeConfigurationException(string message)
        : base(message)
    {
    }

    public EdgeConfigurationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
