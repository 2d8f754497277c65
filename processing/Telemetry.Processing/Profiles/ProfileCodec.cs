using Telemetry.Processing.Detectors;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Profiles;

/// <summary>A profile as bytes: which of its numbers there are, its shape, the numbers.</summary>
internal static class ProfileCodec
{
    /// <summary>Least bytes of a profile.</summary>
    public const int BytesMin = 2;

    public static void Write(SensorProfile? profile, StateWriter writer)
    {
        profile ??= new SensorProfile();
        double?[] numbers = [profile.LoLo, profile.Lo, profile.Hi, profile.HiHi, profile.RateLimitPerSecond];
        var flags = 0;
        for (var i = 0; i < numbers.Length; i++)
        {
            flags |= numbers[i] is null ? 0 : 1 << i;
        }

        writer.Byte((byte)flags);
        writer.Byte((byte)profile.Shape);
        foreach (var number in numbers)
        {
            if (number is { } value)
            {
                writer.Fixed64((ulong)BitConverter.DoubleToInt64Bits(value));
            }
        }
    }

    /// <summary>Null: a profile that says nothing.</summary>
    /// <exception cref="FormatException">No profile, or one that cannot be used.</exception>
    public static SensorProfile? Read(ref StateReader reader)
    {
        var flags = reader.Byte();
        var shape = (SeriesShape)reader.Byte();
        var numbers = new double?[5];
        for (var i = 0; i < numbers.Length; i++)
        {
            if ((flags & (1 << i)) != 0)
            {
                numbers[i] = BitConverter.Int64BitsToDouble((long)reader.Fixed64());
            }
        }

        var profile = new SensorProfile
        {
            LoLo = numbers[0], Lo = numbers[1], Hi = numbers[2], HiHi = numbers[3], RateLimitPerSecond = numbers[4], Shape = shape,
        };
        if (profile.Validate() is [var problem, ..])
        {
            throw new FormatException($"A sensor's profile cannot be used: {problem}.");
        }

        return flags == 0 && shape == SeriesShape.Unknown ? null : profile;
    }
}
