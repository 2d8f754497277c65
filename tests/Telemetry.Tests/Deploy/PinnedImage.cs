using System.Text.RegularExpressions;

namespace Telemetry.Tests.Deploy;

/// <summary>An image reference that means the same tomorrow.</summary>
internal static partial class PinnedImage
{
    /// <summary>True: a tag with a version of at least two numbers (or a digest).</summary>
    public static bool Is(string reference) => Version().IsMatch(reference);

    [GeneratedRegex(@"(@sha256:[0-9a-f]{64}|:v?\d+\.\d+(\.\d+)*([.-][A-Za-z0-9.]+)*)$")]
    private static partial Regex Version();
}
