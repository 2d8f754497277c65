using System.Globalization;

namespace Telemetry.Fuzz;

/// <summary>What a run was asked for.</summary>
/// <param name="Time">How long.</param>
/// <param name="Seed">Where its random numbers begin; printed, so that it can be played again.</param>
/// <param name="Output">Folder for inputs that found something; null: they are only printed.</param>
/// <param name="Door">Of a live run: tcp, tls or ws alone; null: all.</param>
internal sealed record FuzzOptions(TimeSpan Time, int Seed, string? Output = null, string? Door = null)
{
    /// <exception cref="FormatException">An option that is not known, or has no right value.</exception>
    public static FuzzOptions Parse(string[] arguments)
    {
        var options = new FuzzOptions(TimeSpan.FromMinutes(1), Random.Shared.Next());
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : throw new FormatException($"{arguments[i]} needs a value.");
            options = arguments[i] switch
            {
                "--for" => options with { Time = ParseTime(value) },
                "--seed" => options with { Seed = int.Parse(value, CultureInfo.InvariantCulture) },
                "--door" when value is "tcp" or "tls" or "ws" => options with { Door = value },
                "--door" => throw new FormatException($"There is no door '{value}': tcp, tls or ws."),
                "--out" => options with { Output = value },
                _ => throw new FormatException($"{arguments[i]} is no option."),
            };
        }

        return options;
    }

    /// <summary>Prints what was found and keeps its inputs.</summary>
    /// <returns>The exit code.</returns>
    public int Report(IReadOnlyDictionary<string, byte[]> findings)
    {
        foreach (var (message, input) in findings)
        {
            Console.WriteLine($"FOUND {message}\n  {Convert.ToHexString(input)}");
            if (Output is not null && input.Length > 0)
            {
                Directory.CreateDirectory(Output);
                File.WriteAllBytes(Path.Combine(Output, $"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..16]}.bin"), input);
            }
        }

        return findings.Count == 0 ? 0 : 1;
    }

    private static TimeSpan ParseTime(string text)
    {
        if (text.Length > 1 && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            switch (text[^1])
            {
                case 's': return TimeSpan.FromSeconds(number);
                case 'm': return TimeSpan.FromMinutes(number);
                case 'h': return TimeSpan.FromHours(number);
            }
        }

        throw new FormatException($"'{text}' is no time; write 60s, 10m or 1h.");
    }
}
