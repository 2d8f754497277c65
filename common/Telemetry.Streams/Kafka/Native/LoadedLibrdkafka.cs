using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Native;

/// <summary>
/// The librdkafka that Confluent.Kafka has loaded. Its package holds several for one system (with and without Kerberos, for glibc
/// and for musl), and Confluent.Kafka takes the first that loads. Our own calls take the same file: handles of one library mean
/// nothing to another.
/// </summary>
internal static unsafe class LoadedLibrdkafka
{
    private const string CppName = "librdkafkacpp";

    /// <summary>The order in which Confluent.Kafka tries them.</summary>
    private static readonly string[] Names = [Librdkafka.Library, "centos8-librdkafka", "alpine-librdkafka"];

    private static readonly Lazy<(string? File, IntPtr Handle)> Found = new(Find);

    /// <summary>Where the library was loaded from; null when the system does not tell.</summary>
    public static string? File => Found.Value.File;

    /// <summary>Loads the library if nobody has, and makes our own calls go to it.</summary>
    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.NotInstalled"/>: it is missing, cannot be loaded here, or lacks a function.
    /// </exception>
    public static void Load() => Linking.Run();

    private static IntPtr Resolve(string library, Assembly assembly, DllImportSearchPath? searchPath) =>
        library == Librdkafka.Library ? Found.Value.Handle : IntPtr.Zero;

    private static (string? File, IntPtr Handle) Find()
    {
        foreach (var file in LoadedFiles())
        {
            if (NativeLibrary.TryLoad(file, out var handle))
            {
                if (HasVersion(handle, Library.Version))
                {
                    return (file, handle);
                }

                NativeLibrary.Free(handle);
            }
        }

        // A system that does not list what is loaded: what loads by name is what Confluent.Kafka has loaded by the same name.
        foreach (var name in Names)
        {
            if (NativeLibrary.TryLoad(name, typeof(Library).Assembly, null, out var handle))
            {
                return (null, handle);
            }
        }

        return default;
    }

    private static List<string> LoadedFiles()
    {
        var files = new List<string>();
        try
        {
            using var process = Process.GetCurrentProcess();
            foreach (ProcessModule module in process.Modules)
            {
                using (module)
                {
                    if (module.ModuleName.Contains(Librdkafka.Library, StringComparison.Ordinal)
                        && !module.ModuleName.Contains(CppName, StringComparison.Ordinal))
                    {
                        files.Add(module.FileName);
                    }
                }
            }
        }
        catch (Exception error) when (error is IOException or Win32Exception or UnauthorizedAccessException or NotSupportedException)
        {
            // Not told; then names have to do.
            return [];
        }

        return files;
    }

    private static bool HasVersion(IntPtr handle, int version) =>
        NativeLibrary.TryGetExport(handle, "rd_kafka_version", out var function)
        && ((delegate* unmanaged[Cdecl]<int>)function)() == version;

    /// <summary>Once for the process, and again after a failure: the next one who asks is told the same.</summary>
    private static class Linking
    {
        private static readonly Lock Gate = new();
        private static bool _isDirected;
        private static bool _isDone;

        public static void Run()
        {
            lock (Gate)
            {
                if (_isDone)
                {
                    return;
                }

                try
                {
                    Library.Load();
                    if (!_isDirected)
                    {
                        NativeLibrary.SetDllImportResolver(typeof(Librdkafka).Assembly, Resolve);
                        _isDirected = true;
                    }

                    Marshal.PrelinkAll(typeof(Librdkafka));
                }
                catch (Exception error) when (error is TypeLoadException or BadImageFormatException or FileLoadException
                    or FileNotFoundException or TypeInitializationException or InvalidOperationException)
                {
                    var cause = error.GetBaseException().Message.Split('\n')[0].TrimEnd('.', ':', '\r', ' ');
                    throw new RecordLogException(
                        RecordLogError.NotInstalled,
                        $"The Kafka client library librdkafka cannot be loaded on this {RuntimeInformation.RuntimeIdentifier}: {cause}. "
                        + $"It belongs beside the program, in {AppContext.BaseDirectory} or its runtimes folder; install again.",
                        error);
                }

                _isDone = true;
            }
        }
    }
}
