using System.Diagnostics;

namespace Telemetry.Edge.Security.Reloading;

/// <summary>Something that is read from files and can be read again while the broker runs.</summary>
/// <param name="name">For people: users, rules, TLS of a listener.</param>
/// <param name="files">The files it is read from.</param>
/// <param name="load">
/// Reads them and puts what they say in force. Throws <see cref="EdgeConfigurationException"/> when they cannot be used, and leaves in force what was.
/// </param>
internal sealed class ReloadablePart(string name, IEnumerable<string> files, Action load)
{
    private readonly string[] _files = [.. files];
    private string _loaded = "";
    private string _seen = "";
    private long _seenAt;

    public string Name => name;

    public IReadOnlyList<string> Files => _files;

    /// <summary>The last try to read it failed: what is in force is older than the files.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>What is on disk now is what is in force.</summary>
    public void MarkLoaded() => _seen = _loaded = Signature();

    /// <summary>
    /// True when the files differ from those read last and have stood still for a while: a file that is just being written, empty for a
    /// moment, is not half read.
    /// </summary>
    /// <param name="settleTime">How long they must have stood still, however often one looks.</param>
    /// <param name="isSettling">True: they changed just now; look again soon.</param>
    public bool HasChanged(TimeSpan settleTime, out bool isSettling)
    {
        var now = Signature();
        if (now != _seen)
        {
            (_seen, _seenAt) = (now, Stopwatch.GetTimestamp());
            isSettling = true;
            return false;
        }

        isSettling = now != _loaded && Stopwatch.GetElapsedTime(_seenAt) < settleTime;
        return now != _loaded && !isSettling;
    }

    /// <summary>Reads the files.</summary>
    /// <exception cref="EdgeConfigurationException">They cannot be used; what was in force stays.</exception>
    public void Load()
    {
        // Before reading: a change during it is seen at the next look.
        _seen = _loaded = Signature();
        HasFailed = true;
        load();
        HasFailed = false;
    }

    /// <summary>Time, length and, for a mounted secret, where the link points: cheap, and good on network file systems, which tell nobody.</summary>
    private string Signature() => string.Join('|', _files.Select(file =>
    {
        try
        {
            var info = new FileInfo(file);
            var target = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
            return $"{target.FullName}:{target.LastWriteTimeUtc.Ticks}:{target.Length}";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "missing";
        }
    }));
}
