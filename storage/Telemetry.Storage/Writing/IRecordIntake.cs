using Telemetry.Storage.Horizon;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Storage.Writing;

/// <summary>
/// From a record of the log to rows of a table. What cannot be stored becomes a dead letter. What it decides depends on the records alone,
/// so reading them again decides alike.
/// </summary>
internal interface IRecordIntake
{
    /// <summary>True: records from below the checkpoint are read again. Their dead letters are there, and they have been counted.</summary>
    bool Again { get; set; }

    /// <summary>What was deleted and is not to be stored again.</summary>
    DeletedDevices Deleted { get; set; }

    /// <summary>Moves the duplicate filter on without any output.</summary>
    void Replay(DuplicateFilter filter, in LogRecord record);

    /// <summary>Takes one record.</summary>
    /// <param name="filter">Tells copies; null for a stream whose records have no ids.</param>
    /// <param name="record">Record.</param>
    /// <param name="target">Where its rows go.</param>
    /// <returns>Newest event time in it, microseconds, and how many rows were taken.</returns>
    (long Newest, int Count) Take(DuplicateFilter? filter, in LogRecord record, IRowTarget target);
}
