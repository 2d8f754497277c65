using System.ComponentModel;
using System.Diagnostics;

namespace Telemetry.Host.Composition;

/// <summary>Opens the console where there is a desktop.</summary>
internal static class Browser
{
    public static void Open(string address)
    {
        if (Environment.GetEnvironmentVariable("DISPLAY") is null && Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is null)
        {
            return;
        }

        try
        {
            using var opened = Process.Start(new ProcessStartInfo("xdg-open", address) { RedirectStandardError = true });
        }
        catch (Win32Exception)
        {
            Console.Error.WriteLine($"Open {address} in a browser.");
        }
    }
}
