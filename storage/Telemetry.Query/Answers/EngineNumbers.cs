using System.Globalization;

namespace Telemetry.Query.Answers;

/// <summary>Reads doubles as the engine writes them as text: <c>nan</c>, <c>inf</c>, <c>-inf</c> or digits.</summary>
internal static class EngineNumbers
{
    public static double Parse(string text) => text switch
    {
        "nan" or "-nan" => double.NaN,
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
