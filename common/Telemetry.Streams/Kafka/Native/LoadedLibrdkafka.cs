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
    private const string Name = "librdkafka";
    private const string CppName = "librdkafkacpp";

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

    /// <summary>Zero where the system does not list loaded files: then the loader looks for the library by its plain name.</summary>
    private static (string? File, IntPtr Handle) Find()
    {
        using var process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            using (module)
            {
                var name = module.ModuleName;
                if (name.Contains(Name, StringComparison.Ordinal) && !name.Contains(CppName, StringComparison.Ordinal)
                    && NativeLibrary.TryLoad(module.FileName, out var handle))
                {
                    if (HasVersion(handle, Library.Version))
                    {
                        return (module.FileName, handle);
                    }

                    NativeLibrary.Free(handle);
                }
            }
        }

        return default;
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
