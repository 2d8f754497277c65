using Telemetry.Contracts.Faults;
using Telemetry.Streams;

namespace Telemetry.Tests.Contracts.Faults;

public sealed class FaultTests
{
    public static TheoryData<Exception> Incomplete => new((Exception[])[
        new DllNotFoundException("Unable to load shared library 'librdkafka'.\nTried:\n/a\n/b"),
        new EntryPointNotFoundException("no such function"),
        new BadImageFormatException("wrong processor"),
        new MissingMethodException("Confluent.Kafka", "gone"),
        new TypeInitializationException("T", new DllNotFoundException("libx")),
        new InvalidOperationException("while polling", new DllNotFoundException("libx")),
        new FileNotFoundException("Could not load file or assembly", "Some.Library, Version=1.0.0.0, Culture=neutral"),
        new RecordLogException(RecordLogError.NotInstalled, "librdkafka cannot be loaded")]);

    public static TheoryData<Exception> Unknown => new((Exception[])[
        new IOException("disk"),
        new TimeoutException(),
        new InvalidOperationException("a bug"),
        new TypeInitializationException("T", new TimeoutException()),
        new FileNotFoundException("no such file", "/data/ledger"),
        new RecordLogException(RecordLogError.Unknown, "?"),
        new RecordLogException(RecordLogError.Unavailable, "away"),
        new RecordLogException(RecordLogError.Fenced, "another")]);

    [Theory]
    [MemberData(nameof(Incomplete))]
    public void Installation_that_is_incomplete_ends_the_process_whenever_it_shows(Exception exception)
    {
        Fault.RemedyOf(exception).ShouldBe(FaultRemedy.Installation);
        Fault.EndsProcess(exception, ranBefore: true).ShouldBeTrue();
        Fault.Explain(exception).ShouldNotContain("\n");
    }

    [Theory]
    [MemberData(nameof(Unknown))]
    public void What_is_not_known_to_last_is_tried_again(Exception exception)
    {
        Fault.RemedyOf(exception).ShouldBe(FaultRemedy.Retry);
        Fault.EndsProcess(exception, ranBefore: false).ShouldBeFalse();
    }

    [Theory]
    [InlineData(RecordLogError.AccessDenied)]
    [InlineData(RecordLogError.Misconfigured)]
    [InlineData(RecordLogError.TopicMismatch)]
    public void Wrong_setting_ends_the_process_at_its_first_start_only(RecordLogError error)
    {
        var exception = new RecordLogException(error, "Kafka:SaslUsername is not accepted.");

        Fault.EndsProcess(exception, ranBefore: false).ShouldBeTrue();
        Fault.EndsProcess(exception, ranBefore: true).ShouldBeFalse();
        Fault.Explain(new InvalidOperationException("outer", exception)).ShouldBe("Kafka:SaslUsername is not accepted.");
    }
}
