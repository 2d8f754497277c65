namespace Telemetry.Host.Views;

/// <summary>Quality of a reading in a word, as devices give it.</summary>
internal static class QualityText
{
    public static string Of(int quality) => quality switch
    {
        0 => "good",
        1 => "uncertain",
        _ => "bad",
    };
}
