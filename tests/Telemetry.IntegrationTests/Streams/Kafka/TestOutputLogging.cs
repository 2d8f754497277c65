using Microsoft.Extensions.Logging;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>Warnings of the log go to the output of the test that runs.</summary>
internal sealed class TestOutputLogging : ILoggerProvider, ILogger
{
    /// <summary>Contexts of librdkafka to log in full, when a failure is to be understood.</summary>
    public static readonly string? KafkaDebug = Environment.GetEnvironmentVariable("TELEMETRY_TEST_KAFKA_DEBUG") is { Length: > 0 } set ? set : null;

    private static readonly LogLevel Lowest = KafkaDebug is null ? LogLevel.Information : LogLevel.Debug;

    public static readonly ILoggerFactory Factory = LoggerFactory.Create(
        builder => builder.SetMinimumLevel(Lowest).AddProvider(new TestOutputLogging()));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= Lowest;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception?.Message}";
        if (logLevel == LogLevel.Debug)
        {
            // From the client's own threads, which belong to no test.
            System.Console.Error.WriteLine(line);
            return;
        }

        try
        {
            TestContext.Current.TestOutputHelper?.WriteLine(line);
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
