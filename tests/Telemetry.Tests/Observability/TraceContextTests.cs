using System.Diagnostics;
using System.Text;
using Telemetry.Streams;

namespace Telemetry.Tests.Observability;

public sealed class TraceContextTests
{
    private const string Sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    [Fact]
    public void Context_is_written_as_it_is_read()
    {
        TraceContext.TryParse(Encoding.ASCII.GetBytes(Sampled), out var context).ShouldBeTrue();

        Encoding.ASCII.GetString(TraceContext.Format(context)).ShouldBe(Sampled);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00-x")]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0")]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e473ä-00f067aa0ba902b7-1")]
    public void What_is_no_context_is_none(string text) =>
        TraceContext.TryRead(Headers(text), out _).ShouldBeFalse();

    [Fact]
    public void Only_a_sampled_record_is_traced()
    {
        TraceContext.TryRead(Headers(Sampled), out var context).ShouldBeTrue();
        context.IsRemote.ShouldBeTrue();
        context.TraceFlags.ShouldBe(ActivityTraceFlags.Recorded);

        TraceContext.TryRead(Headers(Sampled[..^2] + "00"), out _).ShouldBeFalse();
    }

    [Fact]
    public void Record_without_headers_costs_nothing()
    {
        TraceContext.TryRead(RecordHeaders.Empty, out _).ShouldBeFalse();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            TraceContext.TryRead(RecordHeaders.Empty, out _);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static RecordHeaders Headers(string text) => new([new(TraceContext.Header, Encoding.UTF8.GetBytes(text))]);
}
