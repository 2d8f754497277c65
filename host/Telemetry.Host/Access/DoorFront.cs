namespace Telemetry.Host.Access;

/// <summary>Before anything else looks at a request: is it for a name of ours; and what browsers should know of every answer.</summary>
internal sealed class DoorFront(RequestDelegate next, Door door)
{
    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        if (context.Request.IsHttps && context.Request.Host.Host is not "localhost" && !System.Net.IPAddress.TryParse(context.Request.Host.Host, out _))
        {
            headers.StrictTransportSecurity = "max-age=31536000";
        }

        if (door.Names.IsOurs(context))
        {
            if (context.Request.Path.StartsWithSegments("/signin") && context.Request.Cookies.ContainsKey(DoorSetup.SessionCookie))
            {
                ForgetSession(context.Request);
            }

            return next(context);
        }

        door.Audit.Refused(null, context, StatusCodes.Status421MisdirectedRequest, "host");
        return DoorProblem.WriteAsync(
            context, StatusCodes.Status421MisdirectedRequest, "bad-host", "This server has another name",
            $"The request is for '{context.Request.Host.Host}', which is not a name of this server. Use its address, or add the name to Access:AllowedHosts.");
    }

    /// <summary>Who signs in gets a session with a new key, never that of a cookie which somebody may have put there (session fixation).</summary>
    private static void ForgetSession(HttpRequest request) => request.Headers.Cookie = string.Join(
        "; ", request.Cookies.Where(c => c.Key != DoorSetup.SessionCookie).Select(c => $"{c.Key}={Uri.EscapeDataString(c.Value)}"));
}
