using Microsoft.Extensions.Logging;
using Telemetry.Simulator.Totals;

namespace Telemetry.Simulator;

/// <summary>Says once when the fleet is complete and once when connections are missing, each time that changes.</summary>
internal sealed class ConnectionWatch(int devices, ILogger logger)
{
    private bool _complete;
    private long _lastTrouble;

    public void Look(SimulatorProgress now)
    {
        var trouble = now.Disconnects + now.ConnectFailures;
        if (now.Connected == devices && !_complete)
        {
            _complete = true;
            FleetLog.AllConnected(logger, devices, now.Elapsed);
        }
        else if (now.Connected < devices && trouble > _lastTrouble && (_complete || _lastTrouble == 0))
        {
            _complete = false;
            FleetLog.ConnectionsMissing(logger, now.Connected, devices, now.LastError ?? "none");
        }

        _lastTrouble = trouble;
    }
}
