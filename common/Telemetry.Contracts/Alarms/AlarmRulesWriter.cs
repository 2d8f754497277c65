using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>
/// Puts rules in force. Of writers at the same time, also in other processes, the first on the topic is first; the others find its rules in force, and
/// are asked again.
/// </summary>
/// <param name="book">What the topic says, as far as it has been read.</param>
/// <param name="append">Appends one record to the topic of rules: key and value. Returns when it is durable.</param>
/// <param name="readToEnd">Takes everything that is on the topic into the book.</param>
public sealed class AlarmRulesWriter(
    AlarmRulesBook book, Func<byte[], byte[], CancellationToken, Task> append, Func<CancellationToken, Task> readToEnd)
{
    /// <summary>Puts rules in force; they were checked before.</summary>
    /// <param name="make">
    /// Makes the rules, without their version; told once for each try, after the topic has been read. Null: nothing is to be put any more.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting; they may be in force.</param>
    /// <returns>The rules in force; null where <paramref name="make"/> made none.</returns>
    public async Task<AlarmRulesRecord?> PutAsync(Func<AlarmRulesRecord?> make, CancellationToken cancellationToken)
    {
        await readToEnd(cancellationToken);
        while (make() is { } rules)
        {
            rules.Version = book.Version + 1;
            var key = AlarmRulesBook.NewKey(rules);
            foreach (var (name, value) in book.RecordsOf(rules, key))
            {
                await append(name, value, cancellationToken);
            }

            await readToEnd(cancellationToken);
            if (book.HasCounted(key))
            {
                return rules;
            }

            // Another writer came first: this record counts for nobody, and goes.
            await append(key, [], cancellationToken);
        }

        return null;
    }
}
