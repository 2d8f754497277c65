using System.Text;

namespace Telemetry.Contracts.Text;

/// <summary>Names of enum members as they stand in causes, labels and settings: <c>BadSensorIndex</c> is <c>bad-sensor-index</c>.</summary>
public static class KebabCase
{
    public static string Of(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }

    /// <summary>For each value of the enum its name in kebab case, in the order of the values.</summary>
    public static string[] OfAll<T>()
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(Of)];
}
