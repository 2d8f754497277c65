namespace Telemetry.Host.Apart;

/// <summary>One process of a role.</summary>
/// <param name="Name">Its name among all, for example store-2; also its instance name's end.</param>
/// <param name="Role">Its command.</param>
/// <param name="Arguments">Its command line, the command first.</param>
/// <param name="Ready">Answers with success when it serves.</param>
/// <param name="Http">Where its metrics are; null: it has none.</param>
internal sealed record RoleSpec(string Name, string Role, IReadOnlyList<string> Arguments, Uri Ready, Uri? Http);
