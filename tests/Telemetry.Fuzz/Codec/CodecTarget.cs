using System.Buffers;
using System.Text;
using Telemetry.Mqtt;

namespace Telemetry.Fuzz.Codec;

/// <summary>
/// Bytes as a connection would receive them, through the whole codec, in both versions and as either side. Whatever they are: nothing is
/// thrown, nothing beyond them is consumed, the split of the buffer changes nothing, every refusal says why, no more is allocated than
/// their size allows, and what was read comes back when it is written and read again.
/// </summary>
internal static class CodecTarget
{
    /// <summary>Largest packet taken, in bytes.</summary>
    public const int MaximumPacketSize = 64 * 1024;

    /// <summary>Runs one input.</summary>
    /// <returns>A hash of how the codec judged it, for runs without instrumentation: equal inputs have equal ones.</returns>
    /// <exception cref="FindingException">It broke a rule.</exception>
    public static int Run(byte[] input)
    {
        try
        {
            var judged = default(HashCode);
            Filters(input, ref judged);
            Frames(input, ref judged);
            return judged.ToHashCode();
        }
        catch (Exception exception) when (exception is not FindingException)
        {
            throw new FindingException($"{exception.GetType().Name}: {exception.Message}", exception);
        }
    }

    private static void Frames(byte[] input, ref HashCode judged)
    {
        var whole = new ReadOnlySequence<byte>(input);
        var split = Pieces.Of(input);
        while (true)
        {
            var status = Read(whole, out var frame, out var end, out var error);
            var again = Read(split, out var other, out var otherEnd, out var otherError);
            Demand(status == again && error == otherError, "the split of the buffer changed the answer");
            judged.Add(status);
            judged.Add(error.Clause);
            if (status != FrameStatus.Complete)
            {
                return;
            }

            Demand(frame.Type == other.Type && frame.Flags == other.Flags && frame.Length == other.Length, "the split of the buffer changed the frame");
            using var body = frame.GetBody();
            using var otherBody = other.GetBody();
            Demand(body.Span.SequenceEqual(otherBody.Span), "the split of the buffer changed the body");
            foreach (var version in new[] { MqttVersion.V311, MqttVersion.V500 })
            {
                foreach (var fromServer in new[] { false, true })
                {
                    judged.Add(PacketTarget.Run(frame.Type, frame.Flags, body.Span, version, fromServer));
                }
            }

            whole = whole.Slice(end);
            split = split.Slice(otherEnd);
        }
    }

    private static FrameStatus Read(ReadOnlySequence<byte> buffer, out MqttFrame frame, out SequencePosition end, out MqttError error)
    {
        var status = MqttFrame.TryRead(buffer, MaximumPacketSize, out frame, out end, out var examined, out error);
        Demand(error.IsNone == (status != FrameStatus.Invalid), "an error without refusal, or a refusal without error");
        var consumed = buffer.Slice(buffer.Start, end).Length;
        var looked = buffer.Slice(buffer.Start, examined).Length;
        Demand(consumed <= looked && looked <= buffer.Length, "consumed more than there is");
        Demand(consumed == (status == FrameStatus.Complete ? frame.Length : 0), "consumed something else than the frame");
        Demand(status != FrameStatus.NeedMore || looked == buffer.Length, "wants more and has not looked at all there is");
        Demand(status != FrameStatus.Complete || frame.Length <= MaximumPacketSize, "took a packet over the limit");
        return status;
    }

    private static void Filters(byte[] input, ref HashCode judged)
    {
        var text = input.AsSpan(0, Math.Min(input.Length, 200));
        var isName = TopicName.TryCheck(text, out var nameError);
        Demand(isName == TopicName.IsValid(text) && isName == nameError.IsNone, "two answers about one topic name");
        var isFilter = TopicFilter.TryParse(text, out var filter, out var filterError);
        Demand(isFilter == filterError.IsNone, "a filter with an error, or a refusal without one");
        judged.Add(nameError.Clause);
        judged.Add(filterError.Clause);
        if (isFilter)
        {
            Demand(text.SequenceEqual(Encoding.UTF8.GetBytes(filter!.Text)), "a filter that is another text than was given");
            filter.Matches("a/b/c"u8);
            Demand(!isName || filter.IsShared || filter.Matches(text), "a filter without wildcards that does not match itself");
        }
    }

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FindingException(otherwise);
        }
    }
}
