using System.Diagnostics;

namespace Telemetry.Chaos.Cluster;

/// <summary>Runs a program to its end.</summary>
internal static class ShellCommand
{
    /// <returns>Exit code, standard output and standard error.</returns>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} did not start.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Standard output, without the line end.</summary>
    /// <exception cref="ChaosException">It ended with another code than 0.</exception>
    public static async Task<string> OutputAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var (code, output, errors) = await RunAsync(command, cancellationToken);
        return code == 0
            ? output.TrimEnd()
            : throw new ChaosException($"{string.Join(' ', command.Take(3))} ended with code {code}: {errors.Trim()}");
    }
}
