using System.Globalization;
using BenchmarkDotNet.Running;
using Telemetry.Benchmarks.Detectors;
using Telemetry.Benchmarks.Kafka;
using Telemetry.Benchmarks.Mqtt.Load;
using Telemetry.Benchmarks.Mqtt.Peers;
using Telemetry.Benchmarks.Mqtt.Table;
using Telemetry.Benchmarks.Processing;
using Telemetry.Benchmarks.Simulator;
using Telemetry.Benchmarks.Storage;

// "detectors", "rollups", "state DEVICES MINUTES SHARE [DIRECTORY]", "kafka-producer HOST:PORT", "kafka-transactions HOST:PORT", "simulator HOST:PORT SECONDS": short
// tables by stopwatch ("store-bytes DEVICES DAYS [trials]" takes the time it needs; "simulator-run" is one run of the last in its own process);
// "queries-fill FOLDER READINGS DEVICES SENSORS HOURS", "queries-csv FOLDER FILE" and "queries-ask ADDRESS DEVICES SENSORS SECONDS QUESTIONS": a store of any size, and the API over it;
// "mqtt-table SECONDS FILTER BROKER...": brokers side by side, with
// "mqtt-certificate FOLDER" and "mqtt-fsync PORT FILE" for that; anything else goes to BenchmarkDotNet.
if (args is ["detectors", ..])
{
    DetectorSpeed.Print(Console.Out);
}
else if (args is ["state", var stateDevices, var minutes, var share, .. var directory])
{
    await StateCost.PrintAsync(
        Console.Out, int.Parse(stateDevices, CultureInfo.InvariantCulture), double.Parse(minutes, CultureInfo.InvariantCulture),
        double.Parse(share, CultureInfo.InvariantCulture), directory is [var kept] ? kept : null);
}
else if (args is ["rollups"])
{
    await RollupSpeed.PrintAsync(Console.Out);
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
else if (args is ["store-bytes", var fleet, var days, .. var what])
{
    await StoreBytes.PrintAsync(
        Console.Out, int.Parse(fleet, CultureInfo.InvariantCulture), int.Parse(days, CultureInfo.InvariantCulture), what.Contains("trials"));
}
else if (args is ["queries-fill", var store, var readings, var members, var kinds, var hours])
{
    await QueryStore.FillAsync(
        Console.Error, store, long.Parse(readings, CultureInfo.InvariantCulture), int.Parse(members, CultureInfo.InvariantCulture),
        int.Parse(kinds, CultureInfo.InvariantCulture), int.Parse(hours, CultureInfo.InvariantCulture));
}
else if (args is ["queries-csv", var filled, var csv])
{
    await QueryStore.WriteCsvAsync(filled, csv);
}
else if (args is ["queries-ask", var address, var known, var ofEach, var span, var only])
{
    await QueryTable.PrintAsync(
        Console.Out, address, int.Parse(known, CultureInfo.InvariantCulture), int.Parse(ofEach, CultureInfo.InvariantCulture), int.Parse(span, CultureInfo.InvariantCulture), only);
}
else if (args is ["mqtt-table", var each, var filter, .. var brokers])
{
    await BrokerTable.PrintAsync(
        Console.Out, [.. brokers.Select(LoadTarget.Parse)], TimeSpan.FromSeconds(int.Parse(each, CultureInfo.InvariantCulture)), filter);
}
else if (args is ["mqtt-certificate", var folder])
{
    RunCertificate.Write(folder);
}
else if (args is ["mqtt-fsync", var port, var file])
{
    await FsyncBroker.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), file);
}
else
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
}
