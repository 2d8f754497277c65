using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Catalogue;
using Telemetry.Query.Endpoints;
using static Telemetry.Query.OpenApi.Shape;

namespace Telemetry.Query.OpenApi;

/// <summary>What each endpoint answers in JSON, by the name of its operation.</summary>
internal static class AnswerShapes
{
    private static readonly Shape Words = Text.OrNull();
    private static readonly Shape Figure = Number.OrNull();
    private static readonly Shape Moment = Time.OrNull();

    private static readonly Shape Meta = Named(
        "Meta", ("watermark", Moment), ("freshness", Figure.Says("Seconds since the newest stored record came in.")), ("completeness", Figure), ("behind", Figure), ("asOf", Time), ("truncated", Flag));

    private static readonly (string, Shape)[] Seen = [("readings", Integer), ("lastSeen", Moment), ("clockAhead", Flag), ("aheadTime", Moment)];

    private static readonly (string, Shape)[] Place = [("enterprise", Words), ("site", Words), ("area", Words), ("line", Words), ("cell", Words)];

    private static readonly (string, Shape)[] SensorFacts = [("displayName", Words), ("unit", Words), ("unitCode", Words), ("kind", Kind), ("decimals", Integer.OrNull())];

    private static readonly (string, Shape)[] DeviceColumns =
    [
        ("device", Text), ("displayName", Words), ("type", Words), .. Place, ("tags", List(Text)), ("expectedInterval", Words), ("sensors", Integer), .. Seen,
    ];

    private static Shape Kind => Shape.OneOf(CatalogueJson.Kinds.Keys).OrNull();

    private static readonly Shape Buckets = Named(
        "Buckets", ("t", List(Number).Says("Start of each bucket, Unix milliseconds.")), ("min", List(Figure)), ("max", List(Figure)), ("mean", List(Figure)), ("first", List(Figure)), ("last", List(Figure)),
        ("count", List(Integer)));

    private static readonly Shape Columns = Named(
        "SeriesColumns", ("t", List(Number).Says("Unix milliseconds.")), ("min?", List(Figure)), ("max?", List(Figure)), ("mean?", List(Figure)), ("first?", List(Figure)), ("last?", List(Figure)),
        ("count?", List(Integer)), ("value?", List(Figure)), ("special?", List(Words)), ("quality?", List(Integer)));

    private static readonly (string, Shape)[] SeriesHead =
    [
        ("from", Time), ("to", Time), ("source", Text), ("raw", Flag), ("stepMs", Integer), ("tz", Words.Says("Time zone in which days begin; null: UTC.")), ("completeFrom", Moment),
        ("segments", List(Named("Segment", ("source", Text), ("from", Time), ("to", Time)))),
    ];

    private static readonly (string, Shape)[] StatisticsFigures =
    [
        ("readings", Integer), ("uncertain", Integer), ("bad", Integer), ("notFinite", Integer), ("used", Integer), ("min", Figure), ("max", Figure), ("mean", Figure), ("deviation", Figure), ("p05", Figure),
        ("p50", Figure), ("p95", Figure), ("within", Figure),
    ];

    private static readonly Shape Alarm = Named(
        "Alarm",
        ("id", Text), ("device", Text), ("sensor", Words), ("source", Text), ("kind", Words), ("priority", Shape.OneOf(AlarmNames.Priorities.Keys)), ("status", Shape.OneOf(AlarmNames.Statuses.Keys)),
        ("active", Flag), ("text", Words), ("value", Figure), ("unit", Words), ("since", Moment), ("raised", Moment), ("cleared", Moment), ("acknowledged", Moment), ("acknowledgedBy", Words),
        ("changed", Moment), ("comment", Words), ("commentBy", Words), ("shelvedUntil", Moment), ("inhibitedBy", Words), ("occurrences", Integer), ("incident", Words), ("severity", Integer),
        ("version", Integer));

    private static readonly Shape Change = Named(
        "AlarmChange", ("id", Text), ("time", Time), ("transition", Text), ("previous", Text), ("by", Words), ("comment", Words), ("alarm", Alarm));

    private static readonly Shape AlarmRules = Named("AlarmRules", ("version", Integer), ("by", Words), ("comment", Words), ("time", Moment), ("rules", Map(Any)));

    private static readonly Shape Problems = List(Named("DocumentProblem", ("where", Text), ("problem", Text)));

    private static readonly Shape Command = Named(
        "Command",
        ("id", Text), ("device", Text), ("name", Text), ("status", Shape.OneOf(["accepted", "sent", "answered", "refused", "expired"])), ("payload", Any), ("issued", Time), ("expires", Time), ("by", Words),
        ("sent", Moment), ("edge", Words), ("answered?", Moment), ("answer?", Any));

    private static readonly Shape DetectorVersion = Named(
        "DetectorVersion",
        ("version", Integer), ("at", Time), ("by", Text), ("source", Text), ("comment", Text), ("problem?", Text), ("document", Text), ("settings", Any));

    private static readonly (string, Shape)[] RecordFields = [("version", Integer), ("by", Words), ("comment", Words), ("time", Moment)];

    private static readonly (string, Shape)[] DeviceEntryFields =
    [
        ("device", Text), ("displayName", Words), ("description", Words), ("type", Words), .. Place, ("expectedInterval", Words), ("tags", List(Text)),
    ];

    private static readonly (string, Shape)[] SensorEntryFields =
    [
        ("device", Text), ("sensor", Text), ("displayName", Words), ("description", Words), ("kind", Kind), ("unit", Words), ("unitCode", Words), ("low", Figure), ("high", Figure), ("loLo", Figure), ("lo", Figure),
        ("hi", Figure), ("hiHi", Figure), ("ratePerMinute", Figure), ("decimals", Integer.OrNull()), ("states", Map(Text)), ("tags", List(Text)),
    ];

    private static readonly Shape Sources = List(Shape.OneOf(["edited", "device", "sparkplug", "pattern"]));

    private static readonly Shape DeviceEntry = Named(
        "CatalogueDevice", [.. DeviceEntryFields, ("sources", Sources), .. RecordFields, ("edited", Named("CatalogueDeviceFields", DeviceEntryFields).OrNull())]);

    private static readonly Shape SensorEntry = Named(
        "CatalogueSensor", [.. SensorEntryFields, ("sources", Sources), .. RecordFields, ("edited", Named("CatalogueSensorFields", SensorEntryFields).OrNull())]);

    private static readonly Shape Pattern = Named(
        "CataloguePattern",
        [
            ("pattern?", Text), ("device", Text), .. Optional(DeviceEntryFields.Skip(1).Concat(SensorEntryFields.Skip(1))), .. RecordFields, ("sources?", Sources), ("edited?", Any),
        ]);

    private static readonly (string, Shape)[] Counts = [("added", Integer), ("changed", Integer), ("unchanged", Integer), ("deleted", Integer)];

    private static readonly Shape DeadLetter = Named(
        "DeadLetter",
        ("id", Text), ("refused", Time), ("stage", Text), ("cause", Text), ("detail", Text), ("source", Text), ("partition", Integer.OrNull()), ("offset", Integer.OrNull()), ("client", Text), ("trace", Text),
        ("readings", List(Integer)), ("resolution", Words), ("payload", Words), ("text", Words));

    private static readonly Shape Report = Named("OperationReport", ("text", Text), ("isClean", Flag), ("report", Map(Any)));

    private static readonly Shape Quantiles = Named("LatencyQuantiles", ("p50", Number), ("p95", Number), ("p99", Number)).OrNull();

    /// <summary>By the name of the operation.</summary>
    public static readonly IReadOnlyDictionary<string, Shape> ByName = new Dictionary<string, Shape>
    {
        ["devices"] = Page("devices", Named("Device", DeviceColumns)),
        ["device"] = Object([("meta", Meta), .. DeviceColumns]),
        ["device-sensors"] = Page("sensors", Named("DeviceSensor", [("sensor", Text), .. SensorFacts, .. Seen])),
        ["sensors"] = Page("sensors", Named("Sensor", [("sensor", Text), ("devices", Integer), .. Seen])),
        ["latest"] = Page("latest", Named(
            "Latest",
            ("device", Text), ("sensor", Text), ("time", Moment), ("value", Figure), ("special", Text), ("quality", Integer), ("source", Shape.OneOf(["store", "live"])), ("clockAhead", Flag), ("aheadTime?", Moment),
            ("aheadValue?", Figure), ("unit", Words), ("displayName", Words), ("decimals", Integer.OrNull()))),
        ["series"] = Named(
            "Series", [("meta", Meta), ("device", Text), ("sensor", Text), ("deviceDisplayName", Words), .. SensorFacts, .. SeriesHead, ("columns", Columns)]),
        ["sensor-series"] = Named(
            "SensorSeries",
            [
                ("meta", Meta), ("sensor", Text), .. SensorFacts, .. SeriesHead, ("columns?", Buckets),
                ("groups?", List(Named("SeriesGroup", [("group", Text), ("device?", Text), ("deviceDisplayName?", Words), .. Optional(SensorFacts), ("columns", Buckets)]))),
            ]),
        ["dashboards"] = Object(("dashboards", List(Named("DashboardName", ("name", Text), ("title", Text))))),
        ["dashboard"] = Map(Any),
        ["statistics"] = Named("Statistics", [("meta", Meta), ("from", Time), ("to", Time), .. StatisticsFigures]),
        ["statisticsOfMany"] = Named(
            "ManyStatistics", ("meta", Meta), ("from", Time), ("to", Time), ("series", List(Named("SeriesStatistics", [("device", Text), ("sensor", Text), .. StatisticsFigures])))),
        ["query"] = Named(
            "ManySeries",
            [
                ("meta", Meta), .. SeriesHead, ("t?", List(Number).Says("Starts of the buckets, Unix milliseconds.")),
                ("series", List(Named(
                    "QueriedSeries",
                    [
                        ("device", Text), ("sensor", Text), ("deviceDisplayName", Words), .. SensorFacts,
                        ("columns", Named("QueriedColumns", [.. Optional(Columns.Members.Select(m => (m.Name.TrimEnd('?'), m.Shape)))]).With(List(Any)).Says("min, max, mean, first, last, count and a column a quantile, each with a value for each of 't'; of single readings t, value, special, quality.")),
                    ]))),
            ]),
        ["sql"] = Named("SqlAnswer", ("columns", List(Object(("name", Text), ("type", Text)))), ("rows", List(List(Any))), ("truncated", Flag)),
        ["anomalies"] = Page("anomalies", Named(
            "Anomaly",
            ("time", Time), ("device", Text), ("sensor", Text), ("kind", Text), ("value", Figure), ("score", Figure), ("pValue", Figure), ("martingale", Figure), ("detector", Text), ("mode", Text), ("reason", Text))),
        ["device-events"] = Page("events", Named("DeviceEvent", ("time", Time), ("device", Text), ("kind", Text), ("detail", Text), ("figure", Integer))),
        ["incidents"] = Page("incidents", Named(
            "Incident",
            ("time", Time), ("id", Text), ("revision", Integer), ("state", Text), ("device", Text), ("sensor", Text), ("kind", Text), ("direction", Words), ("severity", Integer), ("text", Text), ("peakTime", Time),
            ("lastTime", Time), ("endTime", Moment), ("duration", Number), ("value", Figure), ("usualLow", Figure), ("usualHigh", Figure), ("spreads", Figure), ("fromLevel", Figure), ("toLevel", Figure),
            ("runLength", Integer), ("usualRunLength", Integer), ("score", Figure), ("unit", Text), ("detail", Text), ("sensors", List(Text)), ("parts", List(Map(Any))), ("sensorCount", Integer),
            ("detectors", List(Text)), ("late", Flag))),
        ["pipeline"] = Named(
            "Pipeline",
            ("meta", Meta), ("roles", List(Text)),
            ("rates", Object(("received", Figure), ("acked", Figure), ("stored", Figure), ("rolledUp", Figure), ("anomalies", Figure), ("publishes", Figure))),
            ("lag", List(Named("PipelineLag", ("group", Text), ("topic", Text), ("partition", Integer), ("records", Integer), ("seconds", Number)))),
            ("latency", Object(("pubackMs", Quantiles), ("e2eMs", Quantiles))), ("connections", Integer.OrNull()), ("deadLetters", Integer.OrNull()), ("duplicates", Integer.OrNull()),
            ("audit", Named("PipelineAudit", ("ageSeconds", Number), ("compared", Integer), ("missing", Integer), ("excess", Integer), ("hoursDiffering", Integer)).OrNull()), ("watermark", Moment),
            ("freshness", Figure), ("completeness", Figure)),
        ["commandIssue"] = Command,
        ["command"] = Command,
        ["commands"] = Object(("commands", List(Command))),
        ["detectors"] = Object(
        [
            .. DetectorVersion.Members, ("inForce", List(Object(("partition", Integer), ("offset", Integer), ("version", Integer)))),
            ("known", List(Object(("detector", Text), ("parameters", Map(Text))))),
        ]),
        ["detectorsPut"] = DetectorVersion,
        ["detectorsCheck"] = Object(("usable", Flag)),
        ["detectorsHistory"] = Object(("versions", List(DetectorVersion))),
        ["detectorsOfSeries"] = Object(("device", Text), ("sensor", Text), ("detectors", List(Text)), ("outOfService", Flag)),
        ["backtest"] = Object(
            ("device", Text), ("sensor", Text), ("count", Integer), ("readings", Integer),
            ("hits", List(Named("BacktestHit", ("time", Time), ("value?", Number), ("kind", Text), ("detector", Text), ("text", Text))))),
        ["alarms"] = Page("alarms", Alarm),
        ["alarm"] = Alarm,
        ["alarmAction"] = Object(("command", Text), ("decided", Flag), ("change?", Change)),
        ["alarmHistory"] = Page("changes", Named(
            "AlarmHistoryRow",
            ("time", Time), ("id", Text), ("change", Text), ("device", Text), ("sensor", Words), ("source", Text), ("kind", Text), ("priority", Text), ("transition", Text), ("status", Text), ("previous", Text),
            ("active", Any), ("text", Text), ("value", Figure), ("unit", Words), ("by", Words), ("comment", Words), ("raised", Moment), ("cleared", Moment), ("acknowledged", Moment), ("shelvedUntil", Moment),
            ("inhibitedBy", Words), ("occurrences", Integer), ("incident", Words), ("severity", Integer))),
        ["alarmStats"] = Named(
            "AlarmStatistics",
            ("from", Time), ("to", Time), ("raised", Integer), ("perHour", Number), ("perTenMinutes", Number), ("mostInTenMinutes", Integer), ("assessment", Text), ("byPriority", Map(Integer)),
            ("floods", List(Object(("from", Time), ("to", Time), ("alarms", Integer), ("mostInTenMinutes", Integer)))), ("shareOfTimeInFlood", Number),
            ("top", List(Object(("id", Text), ("device", Text), ("sensor", Words), ("source", Text), ("raised", Integer), ("share", Number)))),
            ("now", Object(("standing", Integer), ("unacknowledged", Integer), ("stale", Integer), ("shelved", Integer), ("suppressed", Integer), ("outOfService", Integer)))),
        ["alarmRules"] = AlarmRules,
        ["alarmRulesPut"] = AlarmRules,
        ["alarmRulesCheck"] = Object(("usable", Flag), ("errors", Problems)),
        ["catalogue-devices"] = Object(("devices", List(DeviceEntry)), ("nextCursor", Words), ("leftOut", Integer)),
        ["catalogue-device"] = DeviceEntry,
        ["catalogue-device-put"] = DeviceEntry,
        ["catalogue-sensors"] = Object(("device", Text), ("sensors", List(SensorEntry))),
        ["catalogue-sensor"] = SensorEntry,
        ["catalogue-sensor-put"] = SensorEntry,
        ["catalogue-patterns"] = Object(("patterns", List(Pattern))),
        ["catalogue-pattern-put"] = Pattern,
        ["catalogue-places"] = Object(
            ("places", List(Named("Place", [.. Place, ("devices", Integer)]))), ("types", List(Object(("type", Text), ("devices", Integer)))), ("tags", List(Object(("tag", Text), ("devices", Integer))))),
        ["catalogue-export"] = BodyShapes.CatalogueDocument,
        ["catalogue-import"] = Named("CatalogueChanges", Counts),
        ["catalogue-check"] = Object([("usable", Flag), ("errors", Problems), .. Counts]),
        ["catalogue-history"] = Page("versions", Named(
            "CatalogueVersion",
            ("time", Time), ("device", Text), ("sensor", Text), ("source", Text), ("version", Integer), ("deleted", Flag), ("by", Text), ("comment", Text), ("document", Text))),
        ["dead-letters"] = Object(("letters", List(DeadLetter)), ("matching", Integer), ("open", Integer)),
        ["dead-letter"] = DeadLetter,
        ["dead-letter-replay"] = Object(("id", Text), ("outcome", Shape.OneOf(["replayed", "would-replay", "resolved", "refused"])), ("detail", Text)),
        ["lag"] = Object(
            ("at", Time),
            ("groups", List(Named("GroupLag", ("group", Text), ("topic", Text), ("partition", Integer), ("committed", Integer.OrNull()), ("records", Integer), ("seconds", Number)))),
            ("watermarks", List(Object(("stage", Text), ("time", Time), ("lagSeconds", Number))))),
        ["store-size"] = StoreShapes.Size,
        ["store-plan"] = StoreShapes.Plan,
        ["topics"] = Object(("topics", List(Named(
            "Topic",
            ("topic", Text), ("partitions", Integer), ("records", Integer), ("removed", Integer), ("newest", Moment),
            ("schemas", List(Object(("id", Integer), ("message", Words), ("isProvisional", Flag)))))))),
        ["store-horizon"] = Object(("tables", List(Object(("table", Text), ("completeFrom", Moment), ("cause", Shape.OneOf(LogEndpoints.CauseNames)))))),
        ["backtests"] = Report,
        ["audits"] = Report,
        ["replays"] = Report,
    };

    /// <summary>A page of rows.</summary>
    private static Shape Page(string name, Shape row) => Object(("meta", Meta), (name, List(row)), ("next", Integer.OrNull()), ("nextCursor", Words));

    private static IEnumerable<(string, Shape)> Optional(IEnumerable<(string Name, Shape Shape)> members) =>
        members.DistinctBy(m => m.Name).Select(m => (m.Name + "?", m.Shape));
}
