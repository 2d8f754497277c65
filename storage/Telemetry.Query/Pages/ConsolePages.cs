namespace Telemetry.Query.Pages;

/// <summary>Addresses of the console's pages, which are no files.</summary>
internal static class ConsolePages
{
    private static readonly HashSet<string> Single = ["plant", "explore", "catalogue", "pipeline"];

    private static readonly HashSet<string> WithName = ["devices", "dashboards"];

    /// <summary>A page that the console has: <c>plant</c>, <c>devices/press-07</c>.</summary>
    public static bool IsKnown(string path)
    {
        var parts = path.TrimEnd('/').Split('/');
        return (parts.Length == 1 && Single.Contains(parts[0])) || (parts.Length <= 2 && WithName.Contains(parts[0]));
    }

    /// <summary>A page by its looks: what is not a file, which has an ending. Names of devices may have a dot.</summary>
    public static bool IsPage(string path) => IsKnown(path) || !path[(path.LastIndexOf('/') + 1)..].Contains('.', StringComparison.Ordinal);
}
