namespace Telemetry.Processing.Detectors;

/// <summary>In which order an SSA detector predicts and learns a value.</summary>
public enum SsaOrder
{
    /// <summary>Compare the value with its own forecast, then consume it: ML.NET's <c>Transform</c>, and right.</summary>
    PredictThenConsume,

    /// <summary>
    /// Consume the value, then compare it with the forecast of the next one: ML.NET's <c>TimeSeriesPredictionEngine</c>.
    /// Its residual is several times larger on seasonal data. Only for equal numbers with it.
    /// </summary>
    ConsumeThenPredict,
}
