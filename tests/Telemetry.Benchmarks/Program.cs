using BenchmarkDotNet.Running;
using Telemetry.Benchmarks.Detectors;
using Telemetry.Benchmarks.Kafka;

// "detectors", "kafka-producer HOST:PORT", "kafka-transactions HOST:PORT": short tables by stopwatch; anything else goes to BenchmarkDotNet.
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
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
