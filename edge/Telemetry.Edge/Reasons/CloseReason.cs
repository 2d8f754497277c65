using Telemetry.Mqtt;

namespace Telemetry.Edge.Reasons;

/// <summary>Why a connection ends; the first reason counts.</summary>
/// <param name="Kind">Label of the metric.</param>
/// <param name="Code">Reason code for DISCONNECT, null when nothing is sent.</param>
/// <param name="Message">Reason String and log text.</param>
/// <param name="Clause">Clause that was broken, for the log.</param>
/// <param name="ServerReference">Another broker to go to.</param>
internal sealed record CloseReason(
    CloseKind Kind, ReasonCode? Code = null, string? Message = null, string? Clause = null, string? ServerReference = null)
{
    public static CloseReason ClientGone { get; } = new(CloseKind.ClientGone);

    public static CloseReason ClientDisconnected { get; } = new(CloseKind.ClientDisconnected);

    public static CloseReason ClientDisconnectedWithWill { get; } = new(CloseKind.ClientDisconnectedWithWill);

    public static CloseReason TakenOver { get; } =
        new(CloseKind.TakenOver, ReasonCode.SessionTakenOver, "Another connection uses this Client Identifier.");

    public static CloseReason KeepAlive { get; } =
        new(CloseKind.KeepAliveTimeout, ReasonCode.KeepAliveTimeout, "Nothing was received for one and a half times the Keep Alive.");

    public static CloseReason ConnectTimeout { get; } = new(CloseKind.ConnectTimeout);

    public static CloseReason ConnectBudget { get; } =
        new(CloseKind.ConnectBudget, Message: "The CONNECT packets that are not answered yet take as many bytes as they may.");

    public static CloseReason ShuttingDown { get; } =
        new(CloseKind.ShuttingDown, ReasonCode.ServerShuttingDown, "The broker is shutting down.");

    /// <summary>Shutting down, with another broker to go to.</summary>
    public static CloseReason GoingTo(string serverReference) => new(
        CloseKind.ShuttingDown, ReasonCode.UseAnotherServer, "The broker is shutting down.", ServerReference: serverReference);

    /// <summary>0x89: DISCONNECT has no 0x88 Server unavailable, that is for CONNACK only. [MQTT-3.14.2-1]</summary>
    public static CloseReason LogUnavailable { get; } =
        new(CloseKind.IngestFailed, ReasonCode.ServerBusy, "The log could not take a message; send it again later.");

    public static CloseReason Refused { get; } = new(CloseKind.Refused);

    /// <summary>CONNACK is larger than the client's Maximum Packet Size, so nothing can be sent to it at all.</summary>
    public static CloseReason TakesNoConnAck { get; } = new(
        CloseKind.Refused, Message: "CONNACK does not fit into the client's Maximum Packet Size.", Clause: "MQTT-3.1.2-24");

    /// <summary>Its user was removed, or its certificate was taken back.</summary>
    public static CloseReason Revoked { get; } =
        new(CloseKind.Revoked, ReasonCode.AdministrativeAction, "The credentials of this connection were withdrawn.");

    /// <summary>The token that let it in has ended.</summary>
    public static CloseReason TokenExpired { get; } =
        new(CloseKind.TokenExpired, ReasonCode.NotAuthorized, "The token of this connection has expired. Connect with a new one.");

    public static CloseReason Internal { get; } =
        new(CloseKind.InternalError, ReasonCode.UnspecifiedError, "The broker failed while handling a packet.");

    public static CloseReason Error(in MqttError error) => new(CloseKind.ProtocolError, error.Code, error.Message, error.Clause);
}

internal enum CloseKind
{
    ClientGone,
    ClientDisconnected,
    ClientDisconnectedWithWill,
    TakenOver,
    KeepAliveTimeout,
    ConnectTimeout,
    ConnectBudget,
    ShuttingDown,
    IngestFailed,
    Refused,
    ProtocolError,
    InternalError,
    Revoked,
    TokenExpired,
}
