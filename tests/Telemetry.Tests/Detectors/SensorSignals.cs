namespace Telemetry.Tests.Detectors;

/// <summary>Seeded, fault-free signals of industrial sensors, one reading every 30 s: what detectors must be silent on.</summary>
internal static class SensorSignals
{
    public const int PerDay = 2880;

    public static readonly string[] Kinds =
    [
        "gaussian", "autocorrelated", "heavy-tailed", "quantised fine", "quantised coarse", "wandering", "constant",
        "flicker", "counter", "states", "duty cycle",
    ];

    public static double[] Make(string kind, int seed, int count)
    {
        var random = new Random((seed * 100) + Array.IndexOf(Kinds, kind));
        var values = new double[count];
        var memory = 0.0;
        var held = 0.0;
        for (var i = 0; i < count; i++)
        {
            var day = 5 * Math.Sin(2 * Math.PI * i / PerDay);
            values[i] = kind switch
            {
                "gaussian" => 20 + day + (0.5 * Gaussian(random)),
                "autocorrelated" => 20 + day + (memory = (0.9 * memory) + (0.2 * Gaussian(random))),
                "heavy-tailed" => 20 + day + (0.3 * Student4(random)),
                "quantised fine" => Math.Round(20 + day + (0.1 * Gaussian(random)), 1),
                "quantised coarse" => Math.Round(2 * (20 + day + (0.1 * Gaussian(random)))) / 2,
                "wandering" => 50 + (memory = (0.9995 * memory) + (0.05 * Gaussian(random))),
                "constant" => 4.2,
                "flicker" => random.Next(50) == 0 ? 4.3 : 4.2,
                "counter" => memory = i % PerDay == 0 ? 0 : memory + random.Next(0, 7),
                "states" => held = random.Next(80) == 0 ? random.Next(0, 4) : held,
                _ => memory += ((i / 40 % 2 == 0 ? 60 : 40) - memory + (0.3 * Gaussian(random))) * 0.15,
            };
        }

        return values;
    }

    public static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double Student4(Random random)
    {
        var square = 0.0;
        for (var i = 0; i < 4; i++)
        {
            var g = Gaussian(random);
            square += g * g;
        }

        return Gaussian(random) / Math.Sqrt(square / 4);
    }
}
