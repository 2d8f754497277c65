namespace Telemetry.Processing.Detectors;

/// <summary>What training an SSA detector made of its values.</summary>
/// <param name="Learned">False when there were too few values: the prediction is 0 for ever, as ML.NET's then is.</param>
/// <param name="Samples">Values learned from.</param>
/// <param name="Window">Window length of the model, the seasonality window or less.</param>
/// <param name="Rank">Eigenvectors in use.</param>
/// <param name="Next">Prediction of the first value after the training.</param>
/// <param name="Reason">Why nothing, or only the plain mean, was learned; else empty.</param>
public readonly record struct SsaFit(bool Learned, int Samples, int Window, int Rank, float Next, string Reason);
