using System.Runtime.InteropServices;
using System.Text;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>Strings as C sees them: pointers to zero-terminated UTF-8 and lengths, freed on dispose.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    public NativeStrings(IReadOnlyList<string> strings)
    {
        Count = strings.Count;
        Pointers = (byte**)NativeMemory.AllocZeroed((nuint)Math.Max(1, Count), (nuint)sizeof(byte*));
        Lengths = (nuint*)NativeMemory.AllocZeroed((nuint)Math.Max(1, Count), (nuint)sizeof(nuint));
        for (var i = 0; i < Count; i++)
        {
            var length = Encoding.UTF8.GetByteCount(strings[i]);
            var memory = (byte*)NativeMemory.Alloc((nuint)length + 1);
            Encoding.UTF8.GetBytes(strings[i], new Span<byte>(memory, length));
            memory[length] = 0;
            Pointers[i] = memory;
            Lengths[i] = (nuint)length;
        }
    }

    public int Count { get; }

    public byte** Pointers { get; private set; }

    public nuint* Lengths { get; private set; }

    public void Dispose()
    {
        for (var i = 0; Pointers is not null && i < Count; i++)
        {
            NativeMemory.Free(Pointers[i]);
        }

        NativeMemory.Free(Pointers);
        NativeMemory.Free(Lengths);
        Pointers = null;
        Lengths = null;
    }
}
