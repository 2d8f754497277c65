using System.Buffers.Binary;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;

namespace Telemetry.Tests.Processing;

/// <summary>Alerts at values of 100 and more, and writes down what it was given, so that a test sees what was fed and when.</summary>
internal sealed class RecordingDetector : ISeriesDetector
{
    public List<(double Value, long TimeMs)> Given { get; } = [];

    public string Name => "recording";

    public AnomalyKind Kind => AnomalyKind.Spike;

    public int StateVersion { get; init; } = 1;

    public int StateBytes => sizeof(long);

    public void Initialize(Span<byte> state) => state.Clear();

    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros)
    {
        Given.Add((value, eventTimeMicros / 1000));
        BinaryPrimitives.WriteInt64LittleEndian(state, BinaryPrimitives.ReadInt64LittleEndian(state) + 1);
        return new DetectorResult(
            value >= 100, BinaryPrimitives.ReadInt64LittleEndian(state), double.NaN, double.NaN, DetectorMode.Compatible);
    }
}
