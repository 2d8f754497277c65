namespace Telemetry.ClickHouseServer.Requests;

/// <summary>What a request asks for beside its statement.</summary>
internal sealed record ClientRequest
{
    /// <summary>Text from the parameter <c>query</c>; empty when there is none.</summary>
    public required string Query { get; init; }

    public required string QueryId { get; init; }

    public required string User { get; init; }

    /// <summary>Empty: <c>default</c>.</summary>
    public required string Database { get; init; }

    /// <summary>Format of results for statements that name none.</summary>
    public required string DefaultFormat { get; init; }

    /// <summary>Settings for this statement.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; }

    /// <summary>Values of placeholders.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; }

    /// <summary>The whole result before the first byte of the answer.</summary>
    public bool WaitEndOfQuery { get; init; }

    /// <summary>GET: nothing may be changed.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Content coding of the answer; null: none.</summary>
    public string? Coding { get; init; }

    /// <summary>False when the client asked that its query goes on without it.</summary>
    public bool CancelOnClose { get; init; }
}
