namespace Telemetry.Tests.Support;

/// <summary>Finds the checkout the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder that holds Telemetry.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Telemetry.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Telemetry.sln above {AppContext.BaseDirectory}.");
    }
}
