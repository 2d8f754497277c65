using System.Reflection;
using System.Runtime.InteropServices;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// Finds libchdb: the path in the options, else the environment variable <c>TELEMETRY_LIBCHDB</c>, else
/// <c>engine/</c> beside the program, else <c>storage/engine/node_modules/@chdb/...</c> (or <c>engine/node_modules/...</c>), searched upward from
/// the program's folder. One process loads one library.
/// </summary>
internal static class LibChdbLoader
{
    internal const string EnvironmentVariable = "TELEMETRY_LIBCHDB";

    private static readonly Lock Gate = new();
    private static nint _handle;

    /// <summary>Loads the library on first use and switches its signal handlers off.</summary>
    /// <exception cref="ClickHouseException">Not found or not loadable; the message says where was looked and what to run.</exception>
    public static void Load(string? libraryPath)
    {
        lock (Gate)
        {
            if (_handle != 0)
            {
                return;
            }

            var path = Find(libraryPath, Environment.GetEnvironmentVariable(EnvironmentVariable), AppContext.BaseDirectory);
            try
            {
                _handle = NativeLibrary.Load(path);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new ClickHouseException(0, $"The ClickHouse engine at {path} cannot be loaded: {e.Message}", e);
            }

            NativeLibrary.SetDllImportResolver(typeof(LibChdbLoader).Assembly, Resolve);
            LibChdb.SetSignalHandlersEnabled(0);
        }
    }

    internal static string Find(string? option, string? environment, string baseDirectory)
    {
        foreach (var named in (ReadOnlySpan<string?>)[option, environment])
        {
            if (string.IsNullOrEmpty(named))
            {
                continue;
            }

            return File.Exists(named)
                ? Path.GetFullPath(named)
                : throw new ClickHouseException(
                    0, $"There is no ClickHouse engine at {named} (LibraryPath or {EnvironmentVariable}).");
        }

        var library = OperatingSystem.IsMacOS() ? "libchdb.dylib" : "libchdb.so";
        if (Path.Combine(baseDirectory, "engine", library) is var beside && File.Exists(beside))
        {
            return beside; // As packages and images have it.
        }

        var file = Path.Combine("node_modules", "@chdb", PackageName(), library);
        for (var directory = new DirectoryInfo(baseDirectory); directory is not null; directory = directory.Parent)
        {
            foreach (var folder in (ReadOnlySpan<string>)["storage/engine", "engine"])
            {
                var candidate = Path.Combine(directory.FullName, folder, file);
                if (File.Exists(candidate))
                {
                    return candidate;
                }
            }
        }

        throw new ClickHouseException(
            0,
            $"The ClickHouse engine is not installed: no storage/engine/{file} above {baseDirectory}. "
            + $"Run ./telemetry setup, or set {EnvironmentVariable} to a libchdb library.");
    }

    private static string PackageName()
    {
        var arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        return OperatingSystem.IsMacOS()
            ? arm ? "lib-darwin-arm64" : "lib-darwin-x64"
            : arm ? "lib-linux-arm64-gnu" : "lib-linux-x64-gnu";
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == LibChdb.Name ? _handle : 0;
}
