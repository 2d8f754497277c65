using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>What may stand where a registry should: a login page, a proxy that fails, a server that hangs. Answers every request alike.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _requests;

    private ScriptedPeer(WebApplication server) => _server = server;

    public Uri Url { get; private set; } = null!;

    /// <summary>Completes with the first request.</summary>
    public Task Asked => _asked.Task;

    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Answers with a status and a body.</summary>
    public static Task<ScriptedPeer> AnswerAsync(int status, string contentType, string body) => StartAsync(context =>
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, contentType);
        return context.Response.WriteAsync(body, context.RequestAborted);
    });

    /// <summary>Takes requests and answers none.</summary>
    public static Task<ScriptedPeer> HangAsync() => StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<ScriptedPeer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var peer = new ScriptedPeer(builder.Build());
        peer._server.Run(context =>
        {
            Interlocked.Increment(ref peer._requests);
            peer._asked.TrySetResult();
            return answer(context);
        });
        await peer._server.StartAsync();
        peer.Url = new Uri(peer._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return peer;
    }
}
