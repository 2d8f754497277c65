using System.Globalization;

namespace Telemetry.Chaos.Cluster;

/// <summary>Asks roles for <c>/readyz</c> until they are ready.</summary>
internal sealed class Readiness : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>A role that ended this often will not come up.</summary>
    private const int HopelessExits = 12;

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };

    /// <returns>Those that were not ready at the end, each with its reason; empty when all are.</returns>
    public async Task<IReadOnlyList<string>> WaitAsync(
        IReadOnlyList<RoleProcess> roles, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit);
        using var timer = new PeriodicTimer(Interval);
        var missing = roles;
        var reasons = new List<string>();
        while (true)
        {
            reasons.Clear();
            var next = new List<RoleProcess>();
            foreach (var role in missing)
            {
                if (await ReasonAsync(role, cancellationToken) is { } reason)
                {
                    next.Add(role);
                    reasons.Add($"{role.Name}: {reason}");
                }
            }

            missing = next;
            if (missing.Count == 0 || timeout.IsCancellationRequested || missing.Any(r => r.SelfExits.Count >= HopelessExits))
            {
                return reasons;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Why a role is not ready; null when it is.</summary>
    private async Task<string?> ReasonAsync(RoleProcess role, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(
                new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{role.Http}/readyz")), cancellationToken);
            return response.IsSuccessStatusCode ? null : (await response.Content.ReadAsStringAsync(cancellationToken)).Trim();
        }
        catch (HttpRequestException e)
        {
            return $"{e.Message} ({LogTail.LastLine(role.Log)})";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer";
        }
    }
}
