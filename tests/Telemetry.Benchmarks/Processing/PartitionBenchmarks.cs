using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Processing;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Processing.Pipeline;
using Telemetry.Streams;

namespace Telemetry.Benchmarks.Processing;

/// <summary>Readings through one partition: decode, duplicate removal, watermark, device watch, and detectors or none.</summary>
[MemoryDiagnoser]
public class PartitionBenchmarks
{
    public const int Readings = 100_000;
    private const int Devices = 200;
    private const long StartMs = 1_700_000_000_000;
    private LogRecord[] _records = [];
    private PartitionProcessor _processor = null!;

    [Params(1, 50)]
    public int BatchReadings { get; set; }

    /// <summary>None, the default set, or what was the default before it: ML.NET's spike and change point behind their gates.</summary>
    [Params("none", "default", "mlnet")]
    public string Detectors { get; set; } = "none";

    [GlobalSetup]
    public void MakeRecords()
    {
        var random = new Random(1);
        ReadOnlyMemory<byte>[] sensors = [Encoding.ASCII.GetBytes("temperature"), Encoding.ASCII.GetBytes("vibration")];
        var output = new ArrayBufferWriter<byte>();
        _records = new LogRecord[Readings / BatchReadings];
        var next = new ulong[Devices];
        for (var r = 0; r < _records.Length; r++)
        {
            var device = r % Devices;
            var nowMs = StartMs + ((long)r * BatchReadings * 1000 / Devices);
            var values = Enumerable.Range(0, BatchReadings).Select(_ => 20 + random.NextDouble()).ToArray();
            var times = Enumerable.Range(0, BatchReadings).Select(i => (nowMs - ((BatchReadings - 1 - i) * 1000L)) * 1000).ToArray();
            var indexes = Enumerable.Range(0, BatchReadings).Select(i => (i + (r / Devices)) % 2).ToArray();
            output.ResetWrittenCount();
            ConfluentFrame.WriteHeader(output.GetSpan(ConfluentFrame.HeaderBytes), SchemaIds.ReadingBatch);
            output.Advance(ConfluentFrame.HeaderBytes);
            ReadingBatchWriter.Write(
                output, Encoding.ASCII.GetBytes($"press-{device:D5}"), 7, next[device] + 1, sensors, indexes, times, values, []);
            next[device] += (ulong)BatchReadings;
            _records[r] = new LogRecord(
                "readings", 0, r, nowMs, ReadOnlyMemory<byte>.Empty, output.WrittenSpan.ToArray(), RecordHeaders.Empty);
        }
    }

    [IterationSetup]
    public void MakeProcessor()
    {
        var options = Detectors switch
        {
            "none" => new ProcessingOptions { Detectors = static () => Array.Empty<ISeriesDetector>() },
            "mlnet" => new ProcessingOptions { Detectors = static () => DetectorDefaults.Create() },
            _ => new ProcessingOptions(),
        };
        _processor = new PartitionProcessor(options, new TopicPartition("readings", 0));
        _processor.Table.CompleteLoad();
        _processor.RestorePartition([]);
        _processor.Table.CompleteReplay();
    }

    [Benchmark(OperationsPerInvoke = Readings)]
    public long Process()
    {
        foreach (var record in _records)
        {
            _processor.Process(record);
        }

        return _processor.Counts.Fed;
    }
}
