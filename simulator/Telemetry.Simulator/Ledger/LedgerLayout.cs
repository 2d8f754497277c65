using System.Buffers.Binary;

namespace Telemetry.Simulator.Ledger;

/// <summary>
/// Layout of a ledger file: a header of 4,096 bytes, then one slot of 128 bytes for each (device, boot). All numbers are
/// little endian; every number that changes is one aligned word of 64 bits, changed by one store.
/// <code>
/// header: magic "TLMLEDG1" | slots u64 | readings a publish u64
/// slot:   boot u64 | sent u64 | settled u64 | reserved u64 | settled above: 256 bits | device: 64 bytes, zero-padded
/// </code>
/// Publish p (from 0) of a boot carries sequences p*n + 1 to (p + 1)*n. <c>sent</c>: publishes below may have left the
/// device. <c>settled</c>: publishes below have their answer. Bit (p mod 256) above tells of publish p in
/// [settled, settled + 256). Settled means acknowledged unless the refusals file names it.
/// <para>
/// Order of stores, so that the file is right after a kill between any two of them: the bit of every publish is cleared before
/// <c>sent</c> passes it, also when it is overtaken and not sent itself yet; a refusal is written before its bit is set; the bit
/// is set before <c>settled</c> passes it.
/// </para>
/// </summary>
internal static class LedgerLayout
{
    public const int HeaderBytes = 4096;
    public const int SlotBytes = 128;

    /// <summary>Publishes of one device between the oldest without answer and the newest: the bits of a slot.</summary>
    public const int Window = 256;

    public const int BootAt = 0;
    public const int SentAt = 8;
    public const int SettledAt = 16;
    public const int BitsAt = 32;
    public const int DeviceAt = 64;
    public const int DeviceBytes = 64;

    /// <summary>Slot, first and last publish (inclusive), reason code: one refusal.</summary>
    public const int RefusalBytes = 32;

    public const string LedgerSuffix = ".ledger";
    public const string RefusalsSuffix = ".refusals";

    public static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("TLMLEDG1"u8);
}
