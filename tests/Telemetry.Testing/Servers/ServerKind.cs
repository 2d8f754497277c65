namespace Telemetry.Testing.Servers;

/// <summary>One kind of server that tests need, and the ways to have one.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Variable">Environment variable with the address of a running one; empty when there can be none.</param>
/// <param name="Program">Finds the program or script that starts one here; null when there is none.</param>
/// <param name="ProgramHint">What to install or set so that <paramref name="Program"/> finds it; null when it is never a process.</param>
/// <param name="Image">Image of the container.</param>
public sealed record ServerKind(string Name, string Variable, Func<string?> Program, string? ProgramHint, string Image)
{
    /// <summary>The running one that the environment names; null when it names none.</summary>
    public string? Address => Variable.Length > 0 && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } address ? address.Trim() : null;

    /// <summary>Where one would come from now; null when there can be none.</summary>
    /// <param name="own">True: the test stops, kills or configures it, so a running one does not serve.</param>
    public ServerOrigin? Origin(bool own = false) =>
        !own && Address is not null ? ServerOrigin.Environment
        : Program() is not null ? ServerOrigin.Process
        : DockerEngine.Answers ? ServerOrigin.Container
        : null;

    /// <summary>Why there can be none, with what to do about it, for <c>Assert.Skip</c>; null when there can.</summary>
    /// <param name="own">As for <see cref="Origin"/>.</param>
    public string? MissingReason(bool own = false)
    {
        if (Origin(own) is not null)
        {
            return null;
        }

        string?[] ways = [Variable.Length > 0 && !own ? $"set {Variable}" : null, ProgramHint, "start a Docker engine"];
        return $"no {Name} to test with: {string.Join(", or ", ways.Where(w => w is not null))}";
    }
}
