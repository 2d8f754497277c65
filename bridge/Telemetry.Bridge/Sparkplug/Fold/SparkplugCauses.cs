namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>Causes of dead letters and labels of counters. A fixed list, never from input.</summary>
internal static class SparkplugCauses
{
    public const string Malformed = "sparkplug-malformed";
    public const string TooManyMetrics = "sparkplug-too-many-metrics";
    public const string TooManyDevices = "sparkplug-too-many-devices";
    public const string NoSequence = "sparkplug-no-seq";
    public const string OutOfSequence = "sparkplug-out-of-sequence";
    public const string OldEpoch = "sparkplug-old-epoch";
    public const string Unborn = "sparkplug-unborn";
    public const string UnbornDevice = "sparkplug-unborn-device";
    public const string UnknownMetric = "sparkplug-unknown-metric";
    public const string BadMetric = "sparkplug-bad-metric";
    public const string BadArray = "sparkplug-bad-array";
    public const string ArrayTooLong = "sparkplug-array-too-long";
    public const string TemplateTooDeep = "sparkplug-template-too-deep";
    public const string DataSet = "sparkplug-dataset";
    public const string TimeOutOfRange = "time-out-of-range";
    public const string Failed = "bridge-failed";
    public const string BadRecord = "sparkplug-bad-record";

    /// <summary>What is wrong with a metric, and what to do.</summary>
    public static string Sentence(string cause, SparkplugOptions options) => cause switch
    {
        TooManyMetrics => $"A node may have {options.MetricsPerNodeMax} metrics of {options.NodeBytesMax} bytes together (MetricsPerNodeMax, NodeBytesMax). Raise the limits, or split the node.",
        UnknownMetric => "No birth names this metric or alias, and the message does not say its name and datatype. The node was asked for its births.",
        BadMetric => "The metric has no name, no datatype, or a value that is not of its datatype.",
        BadArray => "The bytes of the array are not a whole number of its elements.",
        ArrayTooLong => $"An array may have {options.ArrayElementsMax} elements (ArrayElementsMax); each is a sensor of its own.",
        TemplateTooDeep => $"Templates may lie {options.TemplateDepthMax} deep (TemplateDepthMax), with names of 512 bytes.",
        DataSet => "A DataSet is a table and no measurement. Send its columns as metrics.",
        TimeOutOfRange => "The time is outside what is taken (Bridge:PastMax, Bridge:FutureMax). Check the clock; Sparkplug times are milliseconds UTC.",
        _ => "It cannot be used.",
    };
}
