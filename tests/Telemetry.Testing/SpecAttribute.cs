namespace Telemetry.Testing;

/// <summary>
/// Names the statement of a specification that a test proves: <c>MQTT-3.3.1-2</c> for MQTT 5.0, <c>MQTT3-3.3.1-2</c> for 3.1.1. A clause
/// without a number (<c>MQTT-3.14.2.2.2</c>) stands for text that the standard does not number. docs/mqtt-conformance.md is made from these.
/// </summary>
/// <param name="clause">Its id.</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class SpecAttribute(string clause) : Attribute
{
    public string Clause { get; } = clause;
}
