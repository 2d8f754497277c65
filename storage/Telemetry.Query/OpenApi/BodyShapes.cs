using System.Text.Json.Nodes;
using Telemetry.Contracts.Catalogue;
using static Telemetry.Query.OpenApi.Shape;

namespace Telemetry.Query.OpenApi;

/// <summary>What is sent to an endpoint, with an example that works.</summary>
/// <param name="Shape">The JSON.</param>
/// <param name="Example">Such a body.</param>
/// <param name="Types">Content types.</param>
internal sealed record BodyShape(Shape Shape, string Example, params string[] Types)
{
    public JsonNode Node => JsonNode.Parse(Example)!;
}

/// <summary>Bodies by the name of the operation.</summary>
internal static class BodyShapes
{
    private const string Json = "application/json";

    private static readonly (string, Shape)[] Fields =
    [
        ("displayName?", Text.OrNull()), ("description?", Text.OrNull()), ("tags?", List(Text).Says("name or name=value")),
    ];

    private static readonly (string, Shape)[] OfDevice =
    [
        ("type?", Text.OrNull()), ("enterprise?", Text.OrNull()), ("site?", Text.OrNull()), ("area?", Text.OrNull()), ("line?", Text.OrNull()), ("cell?", Text.OrNull()),
        ("expectedInterval?", Text.OrNull().Says("10s, 5m, PT1H")),
    ];

    private static readonly (string, Shape)[] OfSensor =
    [
        ("kind?", Shape.OneOf(CatalogueJson.Kinds.Keys).OrNull()), ("unit?", Text.OrNull()), ("unitCode?", Text.OrNull().Says("UCUM")), ("low?", Number.OrNull()), ("high?", Number.OrNull()), ("loLo?", Number.OrNull()),
        ("lo?", Number.OrNull()), ("hi?", Number.OrNull()), ("hiHi?", Number.OrNull()), ("ratePerMinute?", Number.OrNull()), ("decimals?", Integer.OrNull()), ("states?", Map(Text)),
    ];

    /// <summary>The document of import and export.</summary>
    public static readonly Shape CatalogueDocument = Named(
        "CatalogueDocument", ("entries", List(Named("CatalogueEntry", [("device", Text), ("sensor?", Text.OrNull()), .. Fields, .. OfDevice, .. OfSensor]))));

    private const string DocumentExample = """{"entries": [{"device": "press-07", "displayName": "Press 7", "site": "graz"}, {"device": "*", "sensor": "temperature", "unitCode": "Cel"}]}""";

    public static readonly IReadOnlyDictionary<string, BodyShape> ByName = new Dictionary<string, BodyShape>
    {
        ["query"] = new(
            Named(
                "SeriesQuery",
                ("series", List(Object(("device", Text), ("sensor", Text)))), ("from?", Text), ("to?", Text), ("step?", Text), ("tz?", Text),
                ("points?", Integer), ("singleReadings?", Flag), ("quantiles?", List(Number)), ("before?", Text)),
            """{"series": [{"device": "press-07", "sensor": "temperature"}], "from": "now-1d", "points": 500, "quantiles": [0.5, 0.95]}""",
            Json),
        ["statisticsOfMany"] = new(
            Named(
                "StatisticsQuery",
                ("series", List(Object(("device", Text), ("sensor", Text), ("low?", Number.OrNull()), ("high?", Number.OrNull())))), ("from?", Text), ("to?", Text)),
            """{"series": [{"device": "press-07", "sensor": "temperature", "low": 40, "high": 80}], "from": "now-1d"}""",
            Json),
        ["sql"] = new(Named("SqlRequest", ("sql", Text)), """{"sql": "SELECT device, max(value) FROM readings_data WHERE sensor = 'temperature' GROUP BY device"}""", Json),
        ["commandIssue"] = new(
            Named("CommandRequest", ("name", Text), ("payload?", Any), ("lifetime?", Text), ("by?", Text)), """{"name": "set-interval", "payload": {"seconds": 5}, "lifetime": "1m", "by": "ada"}""", Json),
        ["alarmAction"] = new(
            Named("AlarmActionRequest", ("by?", Text), ("comment?", Text), ("for?", Text), ("until?", Time)), """{"by": "ann", "comment": "seen"}""", Json),
        ["alarmRulesPut"] = new(Map(Any), """{"rules": [{"name": "oil-hot", "type": "threshold", "sensor": "oil", "above": 90}]}""", Json),
        ["alarmRulesCheck"] = new(Map(Any), """{"rules": [{"name": "oil-hot", "type": "threshold", "sensor": "oil", "above": 90}]}""", Json),
        ["detectorsPut"] = new(Map(Any), """{"rules": [{"detectors": ["typed"]}]}""", Json),
        ["detectorsCheck"] = new(Map(Any), """{"rules": [{"detectors": ["typed"]}]}""", Json),
        ["backtest"] = new(Map(Any), """{"rules": [{"detectors": ["typed"]}]}""", Json),
        ["catalogue-device-put"] = new(
            Named("CatalogueDeviceRequest", [("device?", Text), .. Fields, .. OfDevice]), """{"displayName": "Press 7", "site": "graz", "line": "line-3", "tags": ["critical"]}""", Json),
        ["catalogue-sensor-put"] = new(
            Named("CatalogueSensorRequest", [("device?", Text), ("sensor?", Text), .. Fields, .. OfSensor]), """{"unitCode": "Cel", "hi": 80, "hiHi": 95, "decimals": 1}""", Json),
        ["catalogue-pattern-put"] = new(
            Named("CataloguePatternRequest", [("device?", Text), ("sensor?", Text), .. Fields, .. OfDevice, .. OfSensor]), """{"unitCode": "Cel"}""", Json),
        ["catalogue-import"] = new(CatalogueDocument, DocumentExample, Json, "text/csv"),
        ["catalogue-check"] = new(CatalogueDocument, DocumentExample, Json, "text/csv"),
        ["dead-letter-replay"] = new(Named("DeadLetterRepair", ("fix?", Flag), ("payload?", Text.OrNull()), ("dryRun?", Flag)), """{"fix": true}""", Json),
        ["backtests"] = new(
            Named(
                "BacktestOrder",
                ("from", Text), ("to?", Text.OrNull()), ("warmUp?", Text.OrNull()), ("device?", Text.OrNull()), ("sensor?", Text.OrNull()), ("detector?", Text.OrNull()), ("gated?", Flag), ("settings?", Any),
                ("source?", Shape.OneOf(["store", "log"]).OrNull()), ("list?", Integer.OrNull())),
            """{"from": "7d", "device": "press-07", "detector": "iid-spike:Confidence=99.5"}""",
            Json),
        ["audits"] = new(Named("AuditOrder", ("sample?", Number.OrNull())), """{"sample": 0.01}""", Json),
        ["replays"] = new(Named("ReplayOrder", ("from", Text), ("to?", Text.OrNull()), ("apply?", Flag)), """{"from": "2h", "apply": false}""", Json),
    };
}
