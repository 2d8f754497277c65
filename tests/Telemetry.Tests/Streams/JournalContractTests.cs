namespace Telemetry.Tests.Streams;

public sealed class JournalAppendTests() : AppendContract(new JournalHost());

public sealed class JournalConsumerTests() : ConsumerContract(new JournalHost());

public sealed class JournalGroupTests() : GroupContract(new JournalHost());

public sealed class JournalLagTests() : LagContract(new JournalHost());

public sealed class JournalTransactionTests() : TransactionContract(new JournalHost());
