namespace Telemetry.Tests.Processing;

/// <summary>A seeded fleet that does everything wrong: duplicates, gaps, disorder, new boots, wrong clocks, silence, spikes, broken bytes.</summary>
internal sealed class RandomFleet(int seed, int devices)
{
    private readonly Random _random = new(seed);
    private readonly Device[] _devices = [.. Enumerable.Range(0, devices).Select(i => new Device($"d{i}"))];
    private readonly List<byte[]> _sent = [];
    private long _now = Batches.StartMs;

    public (long TimeMs, string Key, byte[] Value) Next()
    {
        _now += _random.Next(50) == 0 ? _random.Next(600_000) : _random.Next(4_000);
        var device = _devices[_random.Next(_devices.Length)];
        if (_sent.Count > 0 && _random.Next(10) == 0)
        {
            return (_now, device.Name, _sent[_random.Next(_sent.Count)]);
        }

        if (_random.Next(40) == 0)
        {
            return (_now, device.Name, [0, 0, 0, 0, 1, 0, (byte)_random.Next(256), (byte)_random.Next(256)]);
        }

        var value = Batch(device);
        _sent.Add(value);
        return (_now, device.Name, value);
    }

    private byte[] Batch(Device device)
    {
        if (_random.Next(60) == 0)
        {
            (device.Boot, device.Next) = (device.Boot + 1, 1);
        }

        if (_random.Next(80) == 0)
        {
            device.ClockMs = _random.Next(-900_000, 900_000) * _random.Next(2);
        }

        device.Next += _random.Next(30) == 0 ? (ulong)_random.Next(1, 6) : 0;
        var count = _random.Next(1, 12);
        var first = device.Next;
        device.Next += (ulong)count;
        var eventMs = _now + device.ClockMs - _random.Next(0, _random.Next(20) == 0 ? 8_000_000 : 3_000);
        var values = Enumerable.Range(0, count)
            .Select(i => _random.Next(60) switch { 0 => double.NaN, 1 => 1e6, 2 => double.NegativeInfinity, _ => Math.Sin(first + (ulong)i) + _random.NextDouble() })
            .ToArray();
        return Batches.Of(
            device.Name, device.Boot, first, ["a", "b"], [.. values.Select((_, i) => i % 2)],
            [.. values.Select((_, i) => (eventMs + (i * 100)) * 1000)], values, []);
    }

    private sealed class Device(string name)
    {
        public string Name { get; } = name;

        public ulong Boot { get; set; } = 1;

        public ulong Next { get; set; } = 1;

        public long ClockMs { get; set; }
    }
}
