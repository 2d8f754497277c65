using System.ComponentModel.DataAnnotations;
using Telemetry.Contracts.Wire;

namespace Telemetry.Alarms.Setup;

/// <summary>Alarms: states, rules and outlets.</summary>
public sealed record AlarmsOptions : IValidatableObject
{
    /// <summary>
    /// Rules document (JSON). It is put in force at the start when it is not the file that was put in force last; changes over the API stay until the
    /// file changes. Default none.
    /// </summary>
    public string RulesFile { get; init; } = "";

    /// <summary>Consumer group of the alarm states. Default <c>telemetry-alarms</c>.</summary>
    [Required]
    public string Group { get; init; } = "telemetry-alarms";

    /// <summary>Consumer group that turns incidents into conditions. Default <c>telemetry-alarm-incidents</c>.</summary>
    [Required]
    public string IncidentsGroup { get; init; } = "telemetry-alarm-incidents";

    /// <summary>Consumer group that holds rules against readings; it is there once there is a rule. Default <c>telemetry-alarm-rules</c>.</summary>
    [Required]
    public string RulesGroup { get; init; } = "telemetry-alarm-rules";

    /// <summary>Differs for each instance of a group; an instance that starts with the same one fences the former. Default <c>telemetry-alarms-0</c>.</summary>
    [Required]
    public string TransactionalId { get; init; } = "telemetry-alarms-0";

    /// <summary>Changes, state and offsets are committed this often. Default 50 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The same for rules over readings. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RulesCommitInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>An alarm that has been normal for this long is forgotten; its history stays in the store. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Alarms known in one partition. Beyond it the one normal for longest is forgotten; where all stand, further ones are dropped and counted. Default 20,000.</summary>
    [Range(10, 1_000_000)]
    public int AlarmsMax { get; init; } = 20_000;

    /// <summary>
    /// What rules may remember in one partition: one for each rule and device, or sensor where it looks at sensors, of about 300 bytes. Beyond it further
    /// devices are passed over and counted. Default 200,000.
    /// </summary>
    [Range(100, 10_000_000)]
    public int RuleStatesMax { get; init; } = 200_000;

    /// <summary>
    /// After a pause in which a partition got no reading at all (the platform or its edges stood still) devices and sensors have at least this long to be
    /// heard again before they count as absent. Default 1 min.
    /// </summary>
    public TimeSpan AbsentGrace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Prometheus Alertmanager.</summary>
    public AlertmanagerOptions Alertmanager { get; init; } = new();

    /// <summary>A webhook.</summary>
    public WebhookOptions Webhook { get; init; } = new();

    /// <summary>The gRPC service.</summary>
    public GrpcStreamOptions Grpc { get; init; } = new();

    /// <summary>Schema id in front of alarm changes.</summary>
    public int AlarmSchemaId { get; init; } = SchemaIds.AlarmChange;

    /// <summary>Schema id in front of dead letters.</summary>
    public int DeadLetterSchemaId { get; init; } = SchemaIds.DeadLetter;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var url in Alertmanager.Urls.Append(Webhook.Url).Append(Alertmanager.ConsoleUrl).Where(static url => url.Length > 0))
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                yield return new ValidationResult($"'{url}' is not an address that begins with http:// or https://.", [nameof(Alertmanager), nameof(Webhook)]);
            }
        }
    }
}
