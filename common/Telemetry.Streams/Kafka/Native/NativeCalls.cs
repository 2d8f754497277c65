using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Native;

/// <summary>What librdkafka said to a transactional call.</summary>
internal readonly record struct TransactionError(ErrorCode Code, string Reason, bool IsFatal, bool IsRetriable, bool RequiresAbort);

/// <summary>
/// What Confluent.Kafka leaves out: committing and reading offsets with their metadata, and giving up what a producer holds.
/// All calls block and may come from any thread, as librdkafka's own.
/// </summary>
internal static class NativeCalls
{
    public static ErrorCode Commit(IClient consumer, IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets)
    {
        using var use = new HandleUse(consumer);
        using var list = OffsetList.Of(use.Pointer, offsets);
        var error = (ErrorCode)Librdkafka.Commit(use.Pointer, list.Pointer, 0);
        if (error == ErrorCode.NoError)
        {
            list.Read(out error);
        }

        return error;
    }

    public static ErrorCode Committed(
        IClient consumer, IReadOnlyCollection<TopicPartition> partitions, TimeSpan timeout,
        out Dictionary<TopicPartition, CommittedOffset> offsets)
    {
        using var use = new HandleUse(consumer);
        using var list = OffsetList.Of(partitions);
        var error = (ErrorCode)Librdkafka.Committed(use.Pointer, list.Pointer, (int)timeout.TotalMilliseconds);
        offsets = [];
        if (error == ErrorCode.NoError)
        {
            offsets = list.Read(out error);
        }

        return error;
    }

    /// <returns>Null: sent.</returns>
    public static TransactionError? SendOffsets(
        IClient producer, IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, IClient consumer, TimeSpan timeout)
    {
        using var producing = new HandleUse(producer);
        using var consuming = new HandleUse(consumer);
        using var list = OffsetList.Of(producing.Pointer, offsets);
        var group = Librdkafka.GroupMetadata(consuming.Pointer);
        if (group == 0)
        {
            return new TransactionError(ErrorCode.UnknownMemberId, "the consumer is in no group", false, false, true);
        }

        try
        {
            var error = Librdkafka.SendOffsets(producing.Pointer, list.Pointer, group, (int)timeout.TotalMilliseconds);
            return error == 0 ? null : Take(error);
        }
        finally
        {
            Librdkafka.DestroyGroupMetadata(group);
        }
    }

    /// <summary>Every record a producer still holds is answered with an error soon.</summary>
    public static void Purge(IClient producer)
    {
        using var use = new HandleUse(producer);
        _ = Librdkafka.Purge(use.Pointer, 3);
    }

    private static TransactionError Take(IntPtr error)
    {
        var taken = new TransactionError(
            (ErrorCode)Librdkafka.ErrorCode(error),
            Marshal.PtrToStringUTF8(Librdkafka.ErrorString(error)) ?? "",
            Librdkafka.ErrorIsFatal(error) != 0,
            Librdkafka.ErrorIsRetriable(error) != 0,
            Librdkafka.ErrorRequiresAbort(error) != 0);
        Librdkafka.DestroyError(error);
        return taken;
    }

    /// <summary>Keeps the handle open during a call.</summary>
    private readonly ref struct HandleUse : IDisposable
    {
        private readonly SafeHandle _handle;

        public HandleUse(IClient client)
        {
            _handle = ClientHandle.Of(client);
            var added = false;
            _handle.DangerousAddRef(ref added);
            Pointer = _handle.DangerousGetHandle();
        }

        public IntPtr Pointer { get; }

        public void Dispose() => _handle.DangerousRelease();
    }
}
