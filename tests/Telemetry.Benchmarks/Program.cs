using BenchmarkDotNet.Running;
using Telemetry.Benchmarks.Detectors;

// "detectors": the short table by stopwatch; anything else goes to BenchmarkDotNet.
if (args is ["detectors", ..])
{
    DetectorSpeed.Print(Console.Out);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
