using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;
using Telemetry.Mqtt;

namespace Telemetry.Fuzz.Codec;

/// <summary>
/// Which branches of an instrumented codec the last input took. SharpFuzz's instrumentation counts edges in a map of 64 KiB, as AFL's
/// does; an edge whose count reaches a new power of two is news. Without instrumentation nothing is ever news.
/// </summary>
internal sealed unsafe class Coverage : IDisposable
{
    private const int MapSize = 1 << 16;

    private readonly byte* _map;
    private readonly byte[] _seen = new byte[MapSize];

    public Coverage()
    {
        _map = (byte*)NativeMemory.AllocZeroed(MapSize);
        Trace.SharedMem = _map;
    }

    /// <summary>True when the codec that is loaded was instrumented.</summary>
    public static bool IsInstrumented { get; } =
        Array.Exists(typeof(MqttFrame).Assembly.GetReferencedAssemblies(), name => name.Name == "SharpFuzz.Common");

    /// <summary>Edges taken so far.</summary>
    public int Edges { get; private set; }

    /// <summary>Takes over what the last input did, and clears the map.</summary>
    /// <returns>True when there was something new in it.</returns>
    public bool Collect()
    {
        var isNew = false;
        var words = (ulong*)_map;
        for (var w = 0; w < MapSize / sizeof(ulong); w++)
        {
            if (words[w] == 0)
            {
                continue;
            }

            for (var i = w * sizeof(ulong); i < (w + 1) * sizeof(ulong); i++)
            {
                if (_map[i] != 0)
                {
                    isNew |= Note(i, (byte)(1 << BitOperations.Log2(_map[i])));
                }
            }

            words[w] = 0;
        }

        Trace.PrevLocation = 0;
        return isNew;
    }

    public void Dispose()
    {
        // The codec may still be called: it goes on writing into a map that nobody reads.
        Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(MapSize);
        NativeMemory.Free(_map);
    }

    private bool Note(int edge, byte bucket)
    {
        if ((_seen[edge] & bucket) != 0)
        {
            return false;
        }

        Edges += _seen[edge] == 0 ? 1 : 0;
        _seen[edge] |= bucket;
        return true;
    }
}
