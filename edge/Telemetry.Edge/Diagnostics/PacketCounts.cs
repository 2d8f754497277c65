namespace Telemetry.Edge.Diagnostics;

/// <summary>Packets by QoS, counted locally and added to the metrics once a batch.</summary>
internal struct PacketCounts
{
    private long _atMostOnce;
    private long _atLeastOnce;
    private long _exactlyOnce;

    public readonly long this[int qos] => qos switch { 0 => _atMostOnce, 1 => _atLeastOnce, _ => _exactlyOnce };

    public void Add(int qos)
    {
        switch (qos)
        {
            case 0:
                _atMostOnce++;
                break;
            case 1:
                _atLeastOnce++;
                break;
            default:
                _exactlyOnce++;
                break;
        }
    }
}
