using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;

namespace Telemetry.Processing.Pipeline;

/// <summary>Machine-readable causes of dead letters: the error's name in kebab case.</summary>
internal static class DeadLetterCauses
{
    /// <summary>Not in Confluent wire format.</summary>
    public const string BadFrame = "bad-frame";

    /// <summary>A batch that made processing fail.</summary>
    public const string ProcessingFailed = "processing-failed";

    private static readonly string[] Names = KebabCase.OfAll<ReadingBatchError>();

    public static string Of(ReadingBatchError error) => Names[(int)error];
}
