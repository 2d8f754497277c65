using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts.Faults;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Native;

namespace Telemetry.Tests.Streams.Kafka;

public sealed class KafkaLibraryTests
{
    [Fact]
    public void Library_in_use_is_named_with_version_and_file()
    {
        var library = KafkaLibrary.Load();

        library.Version.ShouldBe(Library.VersionString);
        if (OperatingSystem.IsLinux())
        {
            File.Exists(library.File).ShouldBeTrue(library.File);
            Path.GetFileName(library.File)!.ShouldContain("librdkafka");
        }
    }

    /// <summary>Two libraries in one process would each have clients of their own: a handle of one crashes the other.</summary>
    [Fact]
    public void Own_calls_go_to_the_library_that_made_the_client()
    {
        KafkaLibrary.Load();
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(
            new ConsumerConfig { BootstrapServers = "127.0.0.1:1", GroupId = "g" }).SetLogHandler(static (_, _) => { }).Build();

        var error = NativeCalls.Committed(consumer, [new Telemetry.Streams.TopicPartition("t", 0)], TimeSpan.FromMilliseconds(1), out _);

        error.ShouldBeOneOf(ErrorCode.Local_TimedOut, ErrorCode.Local_WaitCoord, ErrorCode.Local_Transport);
    }

    [Theory]
    [InlineData("nonsense", 0)]
    [InlineData(null, 1)]
    public void Setting_that_librdkafka_refuses_is_not_taken_for_an_outage(string? debug, int maxPollSeconds)
    {
        var options = new KafkaOptions
        {
            BootstrapServers = "127.0.0.1:1",
            Debug = debug,
            GroupProtocol = KafkaGroupProtocol.Classic,
            MaxPollInterval = maxPollSeconds == 0 ? TimeSpan.FromMinutes(5) : TimeSpan.FromSeconds(maxPollSeconds),
        };

        var error = Should.Throw<RecordLogException>(() => KafkaLog.Open(options, NullLoggerFactory.Instance, TimeProvider.System)
            .CreateConsumer(new ConsumerOptions { Group = "g", Topics = ["t"] }));

        error.Error.ShouldBe(RecordLogError.Misconfigured, error.Message);
        Fault.EndsProcess(error, ranBefore: false).ShouldBeTrue();
        error.Message.ShouldContain("Kafka:");
    }
}
