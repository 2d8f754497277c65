using System.Diagnostics;

namespace Telemetry.Fuzz.Codec;

/// <summary>
/// Mutates the corpus for a time. Inputs that did something new join it: new branches where the codec is instrumented, new judgements
/// elsewhere. One seed, one sequence of inputs.
/// </summary>
internal sealed class CodecFuzzer : IDisposable
{
    private const int MaximumCorpus = 20_000;

    private readonly Coverage _coverage = new();
    private readonly List<byte[]> _corpus = [];
    private readonly HashSet<int> _judgements = [];
    private readonly Random _random;
    private readonly Mutator _mutator;

    public CodecFuzzer(int seed, IEnumerable<byte[]> corpus)
    {
        _random = new Random(seed);
        _mutator = new Mutator(_random);
        foreach (var input in corpus)
        {
            Try(input);
            _corpus.Add(input);
        }
    }

    public long Executions { get; private set; }

    public int CorpusSize => _corpus.Count;

    public int Edges => _coverage.Edges;

    /// <summary>What was found, by its message: the first input that showed it.</summary>
    public Dictionary<string, byte[]> Findings { get; } = [];

    /// <summary>Runs until the time is over or <paramref name="cancellation"/> says so.</summary>
    /// <param name="time">How long.</param>
    /// <param name="cancellation">Ends it earlier.</param>
    /// <param name="progress">Called about every 10 s.</param>
    public void Run(TimeSpan time, CancellationToken cancellation, Action<CodecFuzzer>? progress = null)
    {
        var clock = Stopwatch.StartNew();
        var tell = TimeSpan.FromSeconds(10);
        while (clock.Elapsed < time && !cancellation.IsCancellationRequested)
        {
            for (var i = 0; i < 1000; i++)
            {
                var input = _mutator.Mutate(Pick(), Pick());
                if (Try(input) && _corpus.Count < MaximumCorpus)
                {
                    _corpus.Add(input);
                }
            }

            if (clock.Elapsed > tell)
            {
                tell = clock.Elapsed + TimeSpan.FromSeconds(10);
                progress?.Invoke(this);
            }
        }
    }

    public void Dispose() => _coverage.Dispose();

    /// <summary>The newer half as often as the older one: what is new has been mutated least.</summary>
    private byte[] Pick() => _corpus[_random.Next(2) == 0 ? _random.Next(_corpus.Count) : _random.Next(_corpus.Count / 2, _corpus.Count)];

    private bool Try(byte[] input)
    {
        Executions++;
        try
        {
            var judgement = CodecTarget.Run(input);
            return Coverage.IsInstrumented ? _coverage.Collect() : _judgements.Add(judgement);
        }
        catch (FindingException finding)
        {
            _coverage.Collect();
            Findings.TryAdd(finding.Message, input);
            return false;
        }
    }
}
