namespace Telemetry.Tests.Support;

/// <summary>Names the clause of a specification that a test checks, for example <c>MQTT-3.3.1-2</c>.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class SpecAttribute(string clause) : Attribute
{
    public string Clause { get; } = clause;
}
