using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Query.Detection;
using Telemetry.Query.Health;
using Telemetry.Query.Operations;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Query.Setup;

/// <summary>What the query role is composed of.</summary>
public sealed record QueryServices
{
    /// <summary>The store that is asked.</summary>
    public required IClickHouse ClickHouse { get; init; }

    /// <summary>Log, for live values and completeness. Null: <c>/live</c> answers 503 and completeness is unknown.</summary>
    public IRecordLog? Log { get; init; }

    /// <summary>Figures of the whole pipeline, from the host. Null: <c>/pipeline</c> shows what the store alone knows.</summary>
    public IPipelineHealth? Health { get; init; }

    /// <summary>Settings of detectors, from the host. Null: their endpoints answer 503.</summary>
    public IDetectorDesk? Detectors { get; init; }

    /// <summary>Dead letters, lag, audits and the like, from the host. Null: their endpoints answer 503.</summary>
    public IOperationsDesk? Operations { get; init; }

    public QueryOptions Options { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;
}
