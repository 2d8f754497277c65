using Microsoft.Extensions.Logging;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>Warnings of the log go to the output of the test that runs.</summary>
internal sealed class TestOutputLogging : ILoggerProvider, ILogger
{
    public static readonly ILoggerFactory Factory = LoggerFactory.Create(
        builder => builder.SetMinimumLevel(LogLevel.Information).AddProvider(new TestOutputLogging()));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception?.Message}");
        }
        catch (InvalidOperationException)
        {
            // The test it came from is over.
            return;
        }
    }

    public void Dispose()
    {
        return;
    }
}
