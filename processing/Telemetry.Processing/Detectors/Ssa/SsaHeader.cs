using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>The fixed part of an SSA detector's state. Behind it: the scorer's state, then samples or model.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct SsaHeader
{
    /// <summary>1 once the model is there; until then the model's place holds training samples.</summary>
    public int Fitted;

    /// <summary>Training samples collected.</summary>
    public int Samples;

    /// <summary>Window length of the model: the seasonality window, or less where a vector had to be given up.</summary>
    public int Window;

    /// <summary>Eigenvectors in use; 0 is a model that never learned and predicts 0.</summary>
    public int Rank;

    /// <summary>Prediction of the next value.</summary>
    public float Next;

    public int Reserved;
}
