using System.Globalization;
using SharpFuzz;
using Telemetry.Fuzz.Codec;
using Telemetry.Fuzz.Live;

namespace Telemetry.Fuzz;

internal static class Program
{
    private const string Usage = """
        codec [--for TIME] [--seed N] [--out DIR]   mutates packets in this process; guided by coverage where Telemetry.Mqtt.dll was instrumented
        live [--for TIME] [--seed N] [--out DIR] [--door tcp|tls|ws]
                                                    mutated conversations with a broker of its own, over TCP, TLS and WebSocket
        afl                                         one input from standard input, as afl-fuzz wants it
        instrument DLL                              instruments an assembly in place
        corpus DIR                                  writes the corpus as files
        TIME is a number with s, m or h; --out takes the inputs that found something. Exit code 1 when something was found.
        """;

    private static async Task<int> Main(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = true;
            stop.Cancel();
        };
        using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM,
            signal =>
            {
                signal.Cancel = true;
                stop.Cancel();
            });
        try
        {
            return arguments switch
            {
                ["codec", .. var rest] => RunCodec(FuzzOptions.Parse(rest), stop.Token),
                ["live", .. var rest] => await RunLiveAsync(FuzzOptions.Parse(rest), stop.Token),
                ["afl"] => RunAfl(),
                ["instrument", var file] => Instrument(file),
                ["corpus", var directory] => Export(directory),
                _ => throw new FormatException("No such command."),
            };
        }
        catch (FormatException exception)
        {
            await Console.Error.WriteLineAsync($"{exception.Message}\n{Usage}");
            return 2;
        }
    }

    private static int RunCodec(FuzzOptions options, CancellationToken stop)
    {
        Console.WriteLine($"codec: seed {options.Seed}, {(Coverage.IsInstrumented ? "guided by coverage" : "not instrumented")}");
        using var fuzzer = new CodecFuzzer(options.Seed, Corpus.Read());
        fuzzer.Run(options.Time, stop, Tell);
        Tell(fuzzer);
        return options.Report(fuzzer.Findings);

        static void Tell(CodecFuzzer f) => Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"codec: {f.Executions:N0} executions, {f.CorpusSize:N0} inputs, {f.Edges:N0} edges, {f.Findings.Count} findings"));
    }

    private static async Task<int> RunLiveAsync(FuzzOptions options, CancellationToken stop)
    {
        Console.WriteLine($"live: seed {options.Seed}");
        var result = await LiveRun.RunAsync(options.Time, options.Seed, options.Door, stop);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"live: {result.Connections:N0} connections, {result.Witnessed:N0} messages of the well-behaved client, heap {result.Grown:+#,0;-#,0;0} bytes, {result.Findings.Count} findings"));
        return options.Report(result.Findings);
    }

    private static int RunAfl()
    {
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            CodecTarget.Run(copy.ToArray());
        });
        return 0;
    }

    private static int Instrument(string file)
    {
        var types = Fuzzer.Instrument(file, name => !name.StartsWith('<'), Options.Value);
        Console.WriteLine($"{types.Count()} types of {Path.GetFileName(file)} are instrumented");
        return 0;
    }

    private static int Export(string directory)
    {
        Console.WriteLine($"{Corpus.Export(directory)} inputs in {directory}");
        return 0;
    }
}
