using System.Text;
using Telemetry.Contracts.Readings;

namespace Telemetry.Processing.Pipeline;

/// <summary>Machine-readable causes of dead letters: the error's name in kebab case.</summary>
internal static class DeadLetterCauses
{
    /// <summary>Not in Confluent wire format.</summary>
    public const string BadFrame = "bad-frame";

    /// <summary>A batch that made processing fail.</summary>
    public const string ProcessingFailed = "processing-failed";

    private static readonly string[] Names = [.. Enum.GetNames<ReadingBatchError>().Select(Kebab)];

    public static string Of(ReadingBatchError error) => Names[(int)error];

    private static string Kebab(string name)
    {
        var text = new StringBuilder();
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
}
