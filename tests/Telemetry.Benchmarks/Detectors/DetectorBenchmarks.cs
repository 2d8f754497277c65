using BenchmarkDotNet.Attributes;
using Telemetry.Processing.Detectors;

namespace Telemetry.Benchmarks.Detectors;

/// <summary>Cost of one reading, 1000 series in turn, and that it allocates nothing.</summary>
[MemoryDiagnoser]
public class DetectorBenchmarks
{
    private const int Series = 1000;
    private double[] _signal = [];
    private byte[][] _states = [];
    private ISeriesDetector _detector = null!;
    private int _at;

    [ParamsSource(nameof(Names))]
    public string Detector { get; set; } = "";

    public static IEnumerable<string> Names => DetectorSpeed.Cases().Select(c => c.Name);

    [GlobalSetup]
    public void Setup()
    {
        _signal = DetectorSpeed.Signal(4096);
        _detector = DetectorSpeed.Cases().First(c => c.Name == Detector).Detector;
        _states = new byte[Series][];
        for (var s = 0; s < Series; s++)
        {
            _states[s] = new byte[_detector.StateBytes];
            _detector.Initialize(_states[s]);
            foreach (var value in _signal.AsSpan(0, 300))
            {
                _detector.Update(_states[s], value, 0);
            }
        }
    }

    [Benchmark]
    public bool Update()
    {
        _at++;
        return _detector.Update(_states[_at % Series], _signal[_at / Series % _signal.Length], _at).Alert;
    }
}
