using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Telemetry.Contracts.Readings;

/// <summary>
/// Boot ids that the bridge gives to devices that send none. They carry a mark in their upper 16 bits, so that a change of
/// such an id (the bridge restarted, not the device) is not taken for a restart of the device. A device's own random boot
/// id has that mark once in 65,536 times; then only the event "booted" is missed.
/// </summary>
public static class AssignedBootId
{
    private const ulong Mark = 0xA55D;
    private const int MarkShift = 48;

    /// <summary>A new one: 47 random bits, different in every run and on every machine.</summary>
    public static ulong Create()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return From(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }

    /// <summary>One made of 64 bits that are as good as random (a hash), the same at each call.</summary>
    public static ulong From(ulong bits) => (Mark << MarkShift) | (bits & ((1UL << MarkShift) - 1)) | 1;

    /// <summary>True when the bridge chose the boot id.</summary>
    public static bool IsAssigned(ulong bootId) => bootId >> MarkShift == Mark;
}
