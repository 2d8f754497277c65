using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text;

namespace Telemetry.Simulator.Ledger;

/// <summary>
/// The sent-ledger of one run: what each device may have sent and what was acknowledged, in a mapped file. A store is in
/// the kernel's hands at once, so the ledger survives <c>kill -9</c> of the simulator; it is not synced to disk and does not
/// claim to survive a power cut. Calls for one slot must come one at a time; different slots are independent.
/// </summary>
internal sealed class LedgerWriter : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _refusals;
    private readonly Lock _refusalsGate = new();
    private readonly int _slots;
    private long _refusalsLength;

    /// <summary>Creates <c>{name}.ledger</c> and <c>{name}.refusals</c>.</summary>
    /// <param name="directory">Directory of the ledger; made when missing.</param>
    /// <param name="name">Name of the run, new in the directory.</param>
    /// <param name="slots">Number of (device, boot) pairs.</param>
    /// <param name="readingsPerPublish">Readings of every publish.</param>
    /// <exception cref="IOException">The files exist, or there is no space: the whole file is reserved at once.</exception>
    public LedgerWriter(string directory, string name, int slots, int readingsPerPublish)
    {
        Directory.CreateDirectory(directory);
        _slots = slots;
        var length = LedgerLayout.HeaderBytes + ((long)slots * LedgerLayout.SlotBytes);
        var path = Path.Combine(directory, name + LedgerLayout.LedgerSuffix);

        // Reserved before it is mapped: a store into a hole on a full disk would end the process with a bus error.
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            PreallocationSize = length,
        });
        file.SetLength(length);
        _map = MemoryMappedFile.CreateFromFile(file, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _map.CreateViewAccessor(0, length);
        _refusals = File.OpenHandle(
            Path.Combine(directory, name + LedgerLayout.RefusalsSuffix), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        _view.Write(8, (ulong)slots);
        _view.Write(16, (ulong)readingsPerPublish);
        Interlocked.MemoryBarrier();
        _view.Write(0, LedgerLayout.Magic);
    }

    /// <summary>Opens a slot for a device that boots.</summary>
    public void Begin(int slot, string device, ulong bootId)
    {
        var at = At(slot);
        Span<byte> name = stackalloc byte[LedgerLayout.DeviceBytes];
        Encoding.ASCII.GetBytes(device, name);
        for (var i = 0; i < name.Length; i += 8)
        {
            _view.Write(at + LedgerLayout.DeviceAt + i, BinaryPrimitives.ReadUInt64LittleEndian(name[i..]));
        }

        Interlocked.MemoryBarrier();
        _view.Write(at + LedgerLayout.BootAt, bootId);
    }

    /// <summary>True when publish <paramref name="publish"/> fits the window behind the oldest without an answer.</summary>
    public bool HasRoom(int slot, ulong publish) =>
        publish < _view.ReadUInt64(At(slot) + LedgerLayout.SettledAt) + LedgerLayout.Window;

    /// <summary>Publish <paramref name="publish"/> is about to be sent. Call before the first byte leaves.</summary>
    public void Sent(int slot, ulong publish)
    {
        var at = At(slot);
        if (publish < _view.ReadUInt64(at + LedgerLayout.SentAt))
        {
            return;
        }

        var (word, bit) = Bit(at, publish);
        _view.Write(word, _view.ReadUInt64(word) & ~bit);
        Interlocked.MemoryBarrier();
        _view.Write(at + LedgerLayout.SentAt, publish + 1);
        Interlocked.MemoryBarrier();
    }

    /// <summary>Publish <paramref name="publish"/> was acknowledged.</summary>
    public void Acked(int slot, ulong publish)
    {
        var at = At(slot);
        var settled = _view.ReadUInt64(at + LedgerLayout.SettledAt);
        if (publish < settled)
        {
            return;
        }

        var (word, bit) = Bit(at, publish);
        _view.Write(word, _view.ReadUInt64(word) | bit);
        Interlocked.MemoryBarrier();
        var sent = _view.ReadUInt64(at + LedgerLayout.SentAt);
        var next = settled;
        while (next < sent && IsSet(at, next))
        {
            next++;
        }

        if (next != settled)
        {
            _view.Write(at + LedgerLayout.SettledAt, next);
        }
    }

    /// <summary>Publish <paramref name="publish"/> was refused for good.</summary>
    public void Refused(int slot, ulong publish, int reasonCode)
    {
        Span<byte> record = stackalloc byte[LedgerLayout.RefusalBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, slot);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], publish);
        BinaryPrimitives.WriteUInt64LittleEndian(record[16..], publish);
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], reasonCode);
        lock (_refusalsGate)
        {
            RandomAccess.Write(_refusals, record, _refusalsLength);
            _refusalsLength += record.Length;
        }

        Acked(slot, publish);
    }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
        _refusals.Dispose();
    }

    private bool IsSet(long at, ulong publish)
    {
        var (word, bit) = Bit(at, publish);
        return (_view.ReadUInt64(word) & bit) != 0;
    }

    private static (long Word, ulong Bit) Bit(long at, ulong publish)
    {
        var index = publish % LedgerLayout.Window;
        return (at + LedgerLayout.BitsAt + (long)(index / 64 * 8), 1UL << (int)(index % 64));
    }

    private long At(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)_slots, nameof(slot));
        return LedgerLayout.HeaderBytes + ((long)slot * LedgerLayout.SlotBytes);
    }
}
