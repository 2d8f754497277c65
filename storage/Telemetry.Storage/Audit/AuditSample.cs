using System.Globalization;
using System.Security.Cryptography;

namespace Telemetry.Storage.Audit;

/// <summary>
/// A random sample of the devices, told alike here and in SQL: each device belongs to it with the same probability, whatever it is called and
/// however much it sends. Whole devices, so that log, raw and every bucket of every rollup are compared for those that are drawn.
/// </summary>
/// <param name="Share">Probability of a device, above 0 and at most 1.</param>
/// <param name="Seed">Which sample; another seed is another draw.</param>
public readonly record struct AuditSample(double Share, uint Seed)
{
    /// <summary>Knuth's multiplicative hash: CRC-32 alone is linear, and names that count up would come in patterns.</summary>
    private const uint Multiplier = 2_654_435_761;

    /// <summary>All devices.</summary>
    public static AuditSample All => new(1, 0);

    /// <summary>A sample of its own for each audit: what one missed, the next may meet.</summary>
    /// <param name="share">Share of the devices; null: all.</param>
    public static AuditSample Draw(double? share) =>
        share is { } of ? new AuditSample(of, (uint)RandomNumberGenerator.GetInt32(int.MaxValue)) : All;

    /// <summary>True: nothing is left out.</summary>
    public bool IsAll => Share >= 1;

    private uint Below => (uint)Math.Clamp(Share * uint.MaxValue, 1, uint.MaxValue);

    private string Prefix => Seed.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>A condition on the column device.</summary>
    internal string Condition => IsAll ? "1" : string.Create(
        CultureInfo.InvariantCulture,
        $"bitAnd(CRC32(concat('{Prefix}', toString(device))) * toUInt64({Multiplier}), 4294967295) < {Below}");

    /// <summary>True: the device is drawn.</summary>
    public bool Contains(string device) => IsAll || unchecked(Checksum.Crc32(Prefix + device) * Multiplier) < Below;
}
