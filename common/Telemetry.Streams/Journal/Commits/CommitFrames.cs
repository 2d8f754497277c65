using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Transactions;

namespace Telemetry.Streams.Journal.Commits;

/// <summary>Kinds of frames in the commit file; kept in the header's count.</summary>
internal enum CommitFrameKind
{
    /// <summary>All that held when the file was begun.</summary>
    State = 1,

    /// <summary>A transaction's end and the offsets of groups, together.</summary>
    Commit = 2,
}

/// <summary>Bodies of the commit file's frames.</summary>
internal static class CommitFrames
{
    public static byte[] Commit(long transaction, IReadOnlyList<GroupOffsets> offsets)
    {
        var body = new ArrayBufferWriter<byte>(256);
        WriteInt(body, offsets.Count);
        foreach (var (group, entries) in offsets)
        {
            WriteGroup(body, group, entries);
        }

        return Frame(CommitFrameKind.Commit, transaction, body.WrittenSpan);
    }

    public static List<GroupOffsets> ReadCommit(ReadOnlySpan<byte> frame)
    {
        var body = frame[FrameFormat.HeaderSize..];
        var groups = new List<GroupOffsets>();
        for (var count = ReadInt(ref body); count > 0; count--)
        {
            groups.Add(ReadGroup(ref body));
        }

        return groups;
    }

    public static byte[] State(CommitState state)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        WriteLong(body, state.Session);
        WriteLong(body, state.SettledThrough);
        WriteInt(body, state.Open.Count);
        foreach (var id in state.Open)
        {
            WriteLong(body, id);
        }

        WriteRanges(body, state.Aborted);
        WriteInt(body, state.Groups.Count);
        foreach (var (group, entries) in state.Groups)
        {
            WriteGroup(body, group, entries);
        }

        return Frame(CommitFrameKind.State, 0, body.WrittenSpan);
    }

    public static CommitState ReadState(ReadOnlySpan<byte> frame)
    {
        var body = frame[FrameFormat.HeaderSize..];
        var state = new CommitState { Session = ReadLong(ref body), SettledThrough = ReadLong(ref body) };
        for (var count = ReadInt(ref body); count > 0; count--)
        {
            state.Open.Add(ReadLong(ref body));
        }

        for (var count = ReadInt(ref body); count > 0; count--)
        {
            state.Aborted.Add(new IdRange(ReadLong(ref body), ReadLong(ref body)));
        }

        for (var count = ReadInt(ref body); count > 0; count--)
        {
            state.Apply(ReadGroup(ref body));
        }

        return state;
    }

    private static byte[] Frame(CommitFrameKind kind, long transaction, ReadOnlySpan<byte> body)
    {
        var frame = new byte[FrameFormat.Align(FrameFormat.HeaderSize + body.Length)];
        body.CopyTo(frame.AsSpan(FrameFormat.HeaderSize));
        FrameFormat.WriteDraft(frame, frame.Length, (int)kind, transaction);
        return frame;
    }

    private static void WriteRanges(ArrayBufferWriter<byte> body, List<IdRange> ranges)
    {
        WriteInt(body, ranges.Count);
        foreach (var range in ranges)
        {
            WriteLong(body, range.First);
            WriteLong(body, range.Last);
        }
    }

    private static void WriteGroup(
        ArrayBufferWriter<byte> body, string group, IReadOnlyDictionary<TopicPartition, CommittedOffset> entries)
    {
        WriteText(body, group);
        WriteInt(body, entries.Count);
        foreach (var (partition, committed) in entries)
        {
            WriteText(body, partition.Topic);
            WriteInt(body, partition.Partition);
            WriteLong(body, committed.Offset);
            WriteText(body, committed.Metadata ?? "");
        }
    }

    private static GroupOffsets ReadGroup(ref ReadOnlySpan<byte> body)
    {
        var group = ReadText(ref body);
        var count = ReadInt(ref body);
        var entries = new Dictionary<TopicPartition, CommittedOffset>(count);
        for (; count > 0; count--)
        {
            var partition = new TopicPartition(ReadText(ref body), ReadInt(ref body));
            entries[partition] = new CommittedOffset(ReadLong(ref body), ReadText(ref body));
        }

        return new GroupOffsets(group, entries);
    }

    private static void WriteInt(ArrayBufferWriter<byte> body, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(body.GetSpan(sizeof(int)), value);
        body.Advance(sizeof(int));
    }

    private static void WriteLong(ArrayBufferWriter<byte> body, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(body.GetSpan(sizeof(long)), value);
        body.Advance(sizeof(long));
    }

    private static void WriteText(ArrayBufferWriter<byte> body, string text)
    {
        WriteInt(body, Encoding.UTF8.GetByteCount(text));
        body.Advance(Encoding.UTF8.GetBytes(text, body.GetSpan(Encoding.UTF8.GetByteCount(text) + 1)));
    }

    private static int ReadInt(ref ReadOnlySpan<byte> body)
    {
        var value = BinaryPrimitives.ReadInt32LittleEndian(body);
        body = body[sizeof(int)..];
        return value;
    }

    private static long ReadLong(ref ReadOnlySpan<byte> body)
    {
        var value = BinaryPrimitives.ReadInt64LittleEndian(body);
        body = body[sizeof(long)..];
        return value;
    }

    private static string ReadText(ref ReadOnlySpan<byte> body)
    {
        var length = ReadInt(ref body);
        var text = Encoding.UTF8.GetString(body[..length]);
        body = body[length..];
        return text;
    }
}
