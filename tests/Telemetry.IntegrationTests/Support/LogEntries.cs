using Microsoft.Extensions.Logging;

namespace Telemetry.IntegrationTests.Support;

/// <summary>
/// Keeps what is logged, for tests of what operators are told, and writes it to standard error: a child process that fails shows it.
/// </summary>
internal sealed class LogEntries : ILoggerFactory, ILogger
{
    private readonly Lock _gate = new();
    private readonly List<(int Id, IReadOnlyList<KeyValuePair<string, object?>> Values, string Text)> _entries = [];

    public IReadOnlyList<(int Id, IReadOnlyList<KeyValuePair<string, object?>> Values, string Text)> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _entries];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
        // There is nothing to pass on.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            System.Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {eventId.Id} {formatter(state, exception)}");
            _entries.Add((eventId.Id, state is IReadOnlyList<KeyValuePair<string, object?>> values ? [.. values] : [], formatter(state, exception)));
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
