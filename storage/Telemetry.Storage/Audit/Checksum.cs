using System.Text;

namespace Telemetry.Storage.Audit;

/// <summary>CRC-32 of text in UTF-8, as zlib and ClickHouse's function <c>CRC32</c> have it.</summary>
internal static class Checksum
{
    private static readonly uint[] Table = MakeTable();

    public static uint Crc32(string text)
    {
        Span<byte> bytes = stackalloc byte[512];
        var data = Encoding.UTF8.GetByteCount(text) <= bytes.Length ? bytes[..Encoding.UTF8.GetBytes(text, bytes)] : Encoding.UTF8.GetBytes(text);
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = (crc >> 8) ^ Table[(byte)crc ^ value];
        }

        return ~crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var entry = i;
            for (var bit = 0; bit < 8; bit++)
            {
                entry = (entry & 1) != 0 ? (entry >> 1) ^ 0xEDB88320 : entry >> 1;
            }

            table[i] = entry;
        }

        return table;
    }
}
