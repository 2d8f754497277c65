namespace Telemetry.Streams.Kafka.Topics;

/// <summary>What mends a difference.</summary>
public enum TopicRemedy
{
    /// <summary>Applying creates the topic.</summary>
    Create,

    /// <summary>Applying changes the setting.</summary>
    Alter,

    /// <summary>Only people can: see the advice.</summary>
    ByHand,
}

/// <summary>Something about a topic that is not as declared.</summary>
/// <param name="Topic">Topic.</param>
/// <param name="Setting">Kafka's name of the setting; <c>topic</c>, <c>partitions</c> or <c>replication.factor</c>.</param>
/// <param name="Declared">As it should be.</param>
/// <param name="Found">As it is; empty when the topic is not there.</param>
/// <param name="Remedy">What mends it.</param>
/// <param name="Advice">What to do and why, when applying does not do it.</param>
public sealed record TopicDifference(
    string Topic, string Setting, string Declared, string Found, TopicRemedy Remedy, string? Advice = null);
