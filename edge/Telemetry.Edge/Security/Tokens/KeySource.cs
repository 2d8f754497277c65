using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using Telemetry.Edge.Diagnostics;

namespace Telemetry.Edge.Security.Tokens;

/// <summary>The keys of now: from a file, from an address, or both. The address is asked in the background, and its last answer counts until the next.</summary>
internal sealed class KeySource : IAsyncDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(5);

    /// <summary>A key that is not known asks for the keys no sooner than so long after the last time.</summary>
    private static readonly TimeSpan UnknownKeyPause = TimeSpan.FromSeconds(30);

    private readonly TokenOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient? _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly Task _running;
    private IReadOnlyList<SecurityKey> _fromFile = [];
    private IReadOnlyList<SecurityKey> _fromUrl = [];
    private long _askedAt;

    /// <exception cref="EdgeConfigurationException">The file cannot be used.</exception>
    public KeySource(TokenOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        LoadFile();
        if (options.KeysUrl is not null)
        {
            // No redirects: the address that was configured is the one that is trusted.
            _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
            {
                Timeout = RequestTimeout,
            };
        }

        _running = _http is null ? Task.CompletedTask : RunAsync(_http);
    }

    public IReadOnlyList<SecurityKey> Keys => [.. Volatile.Read(ref _fromFile), .. Volatile.Read(ref _fromUrl)];

    /// <summary>Reads the file again.</summary>
    /// <exception cref="EdgeConfigurationException">It cannot be used; the keys before stay.</exception>
    public void LoadFile()
    {
        if (_options.KeysFile is { Length: > 0 } file)
        {
            Volatile.Write(ref _fromFile, TokenKeys.Load(file));
        }
    }

    /// <summary>A token names a key that is not here: perhaps it is new.</summary>
    public void Want()
    {
        if (_http is not null && _time.GetElapsedTime(Volatile.Read(ref _askedAt)) > UnknownKeyPause && _wanted.CurrentCount == 0)
        {
            try
            {
                _wanted.Release();
            }
            catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
            {
                // Asked for already, or over.
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _http?.Dispose();
        _stop.Dispose();
        _wanted.Dispose();
    }

    private async Task RunAsync(HttpClient http)
    {
        var retry = RetryMin;
        while (!_stop.IsCancellationRequested)
        {
            var wait = _options.RefreshInterval;
            try
            {
                Volatile.Write(ref _askedAt, _time.GetTimestamp());
                using var response = await http.GetAsync(_options.KeysUrl, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
                response.EnsureSuccessStatusCode();
                await using var body = await response.Content.ReadAsStreamAsync(_stop.Token);
                Volatile.Write(ref _fromUrl, TokenKeys.Parse(await TokenKeys.ReadAsync(body, _stop.Token)));
                retry = RetryMin;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or FormatException or OperationCanceledException)
            {
                _logger.NoKeys(_options.KeysUrl!, exception.Message, retry);
                wait = retry;
                retry = retry * 2 < RetryMax ? retry * 2 : RetryMax;
            }

            try
            {
                await _wanted.WaitAsync(wait, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
