using System.Globalization;
using BenchmarkDotNet.Running;
using Telemetry.Benchmarks.Detectors;
using Telemetry.Benchmarks.Kafka;
using Telemetry.Benchmarks.Simulator;

// "detectors", "kafka-producer HOST:PORT", "kafka-transactions HOST:PORT", "simulator HOST:PORT SECONDS": short tables by
// stopwatch ("simulator-run" is one run of the last in its own process); anything else goes to BenchmarkDotNet.
if (args is ["detectors", ..])
{
    DetectorSpeed.Print(Console.Out);
}
else if (args is ["kafka-producer", var bootstrapServers])
{
    await KafkaProducerSpeed.PrintAsync(Console.Out, bootstrapServers);
}
else if (args is ["kafka-transactions", var servers])
{
    await KafkaTransactionLatency.PrintAsync(Console.Out, servers);
}
else if (args is ["simulator", var broker, var seconds])
{
    await SimulatorCost.PrintAsync(Console.Out, broker, int.Parse(seconds, CultureInfo.InvariantCulture));
}
else if (args is ["simulator-run", var at, var devices, var rate, var length])
{
    await SimulatorCost.RunAsync(
        Console.Out, at, int.Parse(devices, CultureInfo.InvariantCulture),
        double.Parse(rate, CultureInfo.InvariantCulture), int.Parse(length, CultureInfo.InvariantCulture));
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
