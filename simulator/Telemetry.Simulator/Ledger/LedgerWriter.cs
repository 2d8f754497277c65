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
    private readonly Action? _stored;
    private long _refusalsLength;

    /// <summary>Creates <c>{name}.ledger</c> and <c>{name}.refusals</c>.</summary>
    /// <param name="directory">Directory of the ledger; made when missing.</param>
    /// <param name="name">Name of the run, new in the directory.</param>
    /// <param name="slots">Number of (device, boot) pairs.</param>
    /// <param name="readingsPerPublish">Readings of every publish.</param>
    /// <param name="stored">Called after every single store: the files are then what a kill at that moment leaves. For tests.</param>
    /// <exception cref="IOException">The files exist, or there is no space: the whole file is reserved at once.</exception>
    public LedgerWriter(string directory, string name, int slots, int readingsPerPublish, Action? stored = null)
    {
        Directory.CreateDirectory(directory);
        _slots = slots;
        _stored = stored;
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
            Store(at + LedgerLayout.DeviceAt + i, BinaryPrimitives.ReadUInt64LittleEndian(name[i..]));
        }

        Store(at + LedgerLayout.BootAt, bootId);
    }

    /// <summary>True when publish <paramref name="publish"/> fits the window behind the oldest without an answer.</summary>
    public bool HasRoom(int slot, ulong publish) =>
        publish < _view.ReadUInt64(At(slot) + LedgerLayout.SettledAt) + LedgerLayout.Window;

    /// <summary>
    /// Publish <paramref name="publish"/> is about to be sent; publishes it overtakes count as sent too. Call before the first
    /// byte leaves, and only while <see cref="HasRoom"/>.
    /// </summary>
    public void Sent(int slot, ulong publish)
    {
        var at = At(slot);
        var sent = _view.ReadUInt64(at + LedgerLayout.SentAt);
        if (publish < sent)
        {
            return;
        }

        if (!HasRoom(slot, publish))
        {
            throw new InvalidOperationException(
                $"Publish {publish} of slot {slot} is more than {LedgerLayout.Window} past the oldest one without an answer.");
        }

        // All of them, not only its own: the bits of publishes it overtakes still stand from one window before, and sent passes them.
        ClearBits(at, sent, publish);
        Store(at + LedgerLayout.SentAt, publish + 1);
    }

    /// <summary>Publish <paramref name="publish"/>, sent before, was acknowledged.</summary>
    public void Acked(int slot, ulong publish)
    {
        var at = At(slot);
        var settled = _view.ReadUInt64(at + LedgerLayout.SettledAt);
        if (publish < settled)
        {
            return;
        }

        var (word, bit) = Bit(at, publish);
        Store(word, _view.ReadUInt64(word) | bit);
        var sent = _view.ReadUInt64(at + LedgerLayout.SentAt);
        var next = settled;
        while (next < sent && IsSet(at, next))
        {
            next++;
        }

        if (next != settled)
        {
            Store(at + LedgerLayout.SettledAt, next);
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

        _stored?.Invoke();
        Acked(slot, publish);
    }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
        _refusals.Dispose();
    }

    private void ClearBits(long at, ulong first, ulong last)
    {
        var publish = first;
        while (publish <= last)
        {
            var (word, _) = Bit(at, publish);
            var mask = 0UL;
            do
            {
                mask |= Bit(at, publish).Bit;
                publish++;
            }
            while (publish <= last && Bit(at, publish).Word == word);

            Store(word, _view.ReadUInt64(word) & ~mask);
        }
    }

    /// <summary>One store, seen by readers before any that comes after it.</summary>
    private void Store(long at, ulong value)
    {
        _view.Write(at, value);
        Interlocked.MemoryBarrier();
        _stored?.Invoke();
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
