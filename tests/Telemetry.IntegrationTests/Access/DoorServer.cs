using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;
using Telemetry.Edge.Sockets;
using Telemetry.Host.Access;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Observability;
using Telemetry.Query;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Access;

/// <summary>
/// The host's own web server on a free loopback port with the query API, MQTT over WebSocket and a folder of its own; over a real engine, or over a store that
/// is away where only the door is asked.
/// </summary>
internal sealed partial class DoorServer : IAsyncDisposable
{
    public const string Password = "correct horse";

    private readonly WebServer _server;
    private readonly HostLogging _logging;
    private readonly Instrumentation _instrumentation;
    private readonly SocketBudget _sockets;
    private readonly MqttBroker _broker;
    private readonly QueryRole _role;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private DoorServer(
        TelemetryOptions options, WebServer server, HostLogging logging, Instrumentation instrumentation, SocketBudget sockets, MqttBroker broker, QueryRole role)
    {
        (Options, _server, _logging, _instrumentation, _sockets, _broker, _role) = (options, server, logging, instrumentation, sockets, broker, role);
        _running = role.RunAsync(_stop.Token);
        Client = NewClient();
    }

    public TelemetryOptions Options { get; }

    /// <summary>Nobody in particular; keeps no cookies and follows no redirects.</summary>
    public HttpClient Client { get; }

    public Uri Address => new($"http://127.0.0.1:{_server.Http!.Port}/");

    public Door Door => _server.Door;

    /// <summary>Completes when live values flow.</summary>
    public Task LiveStarted => _role.LiveStarted;

    public IReadOnlyList<RouteEndpoint> Endpoints => [.. _server.Endpoints.OfType<RouteEndpoint>()];

    public string UsersFile => Options.Edge.UsersFile!;

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Settings with an empty users file in the folder.</summary>
    public static TelemetryOptions Settings(string folder, bool hasUsersFile = true)
    {
        var users = Path.Combine(folder, "users");
        if (hasUsersFile && !File.Exists(users))
        {
            File.WriteAllText(users, "");
        }

        return new TelemetryOptions
        {
            Data = folder,
            Edge = new EdgeOptions { UsersFile = hasUsersFile ? users : null, Listeners = [new MqttListenerOptions { Port = 0 }] },
            Http = new HttpOptions { Port = 0 },
            Logging = new LoggingOptions { AuditFile = Path.Combine(folder, "audit", "audit.json") },
        };
    }

    public static async Task<DoorServer> StartAsync(TelemetryOptions options, IClickHouse clickHouse, TimeProvider? time = null, IRecordLog? log = null)
    {
        var logging = LoggingSetup.Create(options.Logging, console: false);
        var instrumentation = Observing.Start(options, "door");
        var sockets = new SocketBudget(512, logging, TimeProvider.System);
        var broker = new MqttBroker(options.Edge, null, logging, TimeProvider.System, sockets: sockets);
        var role = new QueryRole(new QueryServices
        {
            ClickHouse = clickHouse,
            Log = log,
            Options = options.Query with { ProgressAge = TimeSpan.Zero },
            Time = time ?? TimeProvider.System,
            Logging = logging,
        });
        try
        {
            var server = await WebServer.StartAsync(
                options, sockets, [new Module(role, broker)], instrumentation, () => [], logging, grpcPort: null, Token, time);
            return new DoorServer(options, server, logging, instrumentation, sockets, broker, role);
        }
        catch
        {
            await broker.DisposeAsync();
            await role.DisposeAsync();
            sockets.Dispose();
            instrumentation.Dispose();
            logging.Dispose();
            throw;
        }
    }

    /// <summary>Gives a user a role and <see cref="Password"/>; hashed quickly, for tests.</summary>
    public static void AddUser(TelemetryOptions options, string name, UserRole role, string password = Password, params string[] devices)
    {
        GiveRole(options, name, new UserAccess(role) { Devices = devices });
        Telemetry.Edge.Security.Users.UsersFile.Set(options.Edge.UsersFile!, name, PasswordHash.Create(Encoding.UTF8.GetBytes(password), 1_000));
    }

    /// <summary>Gives a user a role and nothing else.</summary>
    public static void GiveRole(TelemetryOptions options, string name, UserAccess access) =>
        Telemetry.Edge.Security.Users.UsersFile.SetAccess(options.Edge.UsersFile!, name, access);

    /// <summary>A token of a service with a role.</summary>
    public string NewToken(UserRole role, TimeSpan? lifetime = null, params string[] devices) =>
        Door.Tokens.Add("service", isOfUser: false, role, devices, "test", lifetime ?? TimeSpan.FromHours(1)).Text;

    public HttpClient NewClient(string? token = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>A browser: keeps cookies, follows no redirects.</summary>
    public Browser NewBrowser() => new(Address);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        Client.Dispose();
        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
        await _broker.DisposeAsync();
        await _role.DisposeAsync();
        _sockets.Dispose();
        _instrumentation.Dispose();
        _logging.Dispose();
        _stop.Dispose();
    }

    /// <summary>A client with cookies, and the steps of signing in by the page.</summary>
    internal sealed partial class Browser : IDisposable
    {
        private readonly SocketsHttpHandler _handler;

        public Browser(Uri address)
        {
            _handler = new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false };
            Http = new HttpClient(_handler) { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        }

        public CookieContainer Cookies { get; } = new();

        public HttpClient Http { get; }

        /// <summary>The answer to the form of the sign-in page.</summary>
        public async Task<HttpResponseMessage> SignInAsync(string user, string password = Password, string back = "/")
        {
            var page = await Http.GetStringAsync("signin?return=" + Uri.EscapeDataString(back), Token);
            return await Http.PostAsync(
                "signin",
                new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    [Field().Match(page).Groups[1].Value] = WebUtility.HtmlDecode(Field().Match(page).Groups[2].Value),
                    ["user"] = user,
                    ["password"] = password,
                    ["return"] = back,
                }),
                Token);
        }

        /// <summary>What the API says of the session.</summary>
        public async Task<JsonElement> SessionAsync() => await Http.GetFromJsonAsync<JsonElement>("api/v1/session", Token);

        /// <summary>Sends the antiforgery token with everything from now on.</summary>
        public async Task UseAntiforgeryAsync()
        {
            var antiforgery = (await SessionAsync()).GetProperty("antiforgery");
            Http.DefaultRequestHeaders.Remove(antiforgery.GetProperty("header").GetString()!);
            Http.DefaultRequestHeaders.Add(antiforgery.GetProperty("header").GetString()!, antiforgery.GetProperty("token").GetString());
        }

        /// <summary>The cookie of the session, as a thief would have it.</summary>
        public string? SessionCookie => Cookies.GetCookies(Http.BaseAddress!)["telemetry-session"]?.Value;

        public void Dispose()
        {
            Http.Dispose();
            _handler.Dispose();
        }

        [GeneratedRegex("""name="(__RequestVerificationToken)" value="([^"]+)""")]
        private static partial Regex Field();
    }

    private sealed class Module(QueryRole role, MqttBroker broker) : RoleModule("door")
    {
        public override void AddServices(IServiceCollection services) => services.AddTelemetryApi();

        public override void Map(WebApplication application)
        {
            application.UseWebSockets();
            application.MapMqttWebSocket(broker);
            application.MapTelemetryApi(role);
        }

        public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
