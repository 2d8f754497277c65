using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;

namespace Telemetry.Tests.Processing;

/// <summary>Has a fault that one value meets, every time.</summary>
internal sealed class BreakingDetector : ISeriesDetector
{
    public const double Poison = 666;
    public const string Message = "divided by the wrong thing";

    public string Name => "breaking";

    public AnomalyKind Kind => AnomalyKind.Spike;

    public int StateVersion => 1;

    public int StateBytes => sizeof(long);

    public void Initialize(Span<byte> state) => state.Clear();

    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros) => value == Poison
        ? throw new InvalidOperationException(Message)
        : new DetectorResult(false, 0, double.NaN, double.NaN, DetectorMode.Compatible);
}
