using System.Text.Encodings.Web;

namespace Telemetry.Host.Access;

/// <summary>The sign-in page: one form in the console's look, without scripts and without anything from elsewhere.</summary>
internal static class SignInPage
{
    /// <summary>The styles, as a file of their own, so that no policy need allow styles in the page.</summary>
    public const string Css =
        """
        :root { --bg: #0c1118; --panel: #131a24; --panel2: #1a2330; --edge: #243042; --text: #e6edf5; --muted: #8c9bb0; --accent: #3ecf8e; --on: #06130d; --red: #ff7d7d;
          font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color-scheme: dark; }
        @media (prefers-color-scheme: light) { :root { --bg: #f2f5f8; --panel: #fff; --panel2: #eef2f6; --edge: #d8e0e9; --text: #17212e; --muted: #5b6a7e; --accent: #0b8a57; --on: #fff; --red: #b32424; color-scheme: light; } }
        * { box-sizing: border-box; margin: 0; }
        body { background: var(--bg); color: var(--text); min-height: 100vh; display: grid; place-items: center; padding: 16px; }
        main { width: 100%; max-width: 360px; background: var(--panel); border: 1px solid var(--edge); border-radius: 10px; padding: 28px; display: grid; gap: 16px; }
        .brand { display: flex; align-items: center; gap: 8px; font-weight: 650; font-size: 16px; }
        .brand svg { width: 24px; fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
        h1 { font-size: 20px; } p { color: var(--muted); } code { background: var(--panel2); padding: 1px 5px; border-radius: 4px; overflow-wrap: anywhere; }
        form { display: grid; gap: 14px; } label { display: grid; gap: 4px; }
        input, button, .button { font: inherit; color: inherit; background: var(--panel2); border: 1px solid var(--edge); border-radius: 7px; padding: 8px 10px; width: 100%; text-align: center; text-decoration: none; }
        input { text-align: left; } button { background: var(--accent); color: var(--on); border-color: var(--accent); font-weight: 620; cursor: pointer; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        [role=alert] { color: var(--red); }
        """;

    private static readonly HtmlEncoder Html = HtmlEncoder.Default;

    /// <summary>The page.</summary>
    /// <param name="antiforgeryField">Name of the hidden field.</param>
    /// <param name="antiforgeryToken">Its value.</param>
    /// <param name="returnPath">Where to go afterwards; a path on this server.</param>
    /// <param name="user">What was typed as the user name.</param>
    /// <param name="problem">What was wrong; null: nothing yet.</param>
    /// <param name="note">What else there is to say; null: nothing.</param>
    /// <param name="hasPasswords">There are users with passwords.</param>
    /// <param name="openIdLabel">What the button of the provider says; null: there is none.</param>
    public static string Write(
        string antiforgeryField, string antiforgeryToken, string returnPath, string user, string? problem, string? note, bool hasPasswords, string? openIdLabel)
    {
        var alert = problem is null ? "" : $"<p role=\"alert\" id=\"problem\">{Html.Encode(problem)}</p>";
        var text = note is null ? "" : $"<p id=\"note\">{note}</p>";
        var form = !hasPasswords ? "" :
            $"""
            <form method="post" action="/signin">
            <input type="hidden" name="{Html.Encode(antiforgeryField)}" value="{Html.Encode(antiforgeryToken)}">
            <input type="hidden" name="return" value="{Html.Encode(returnPath)}">
            <label>User <input name="user" id="user" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="256" value="{Html.Encode(user)}"{(user.Length == 0 ? " autofocus" : "")}></label>
            <label>Password <input name="password" id="password" type="password" autocomplete="current-password" required maxlength="1024"{(user.Length == 0 ? "" : " autofocus")}></label>
            <button type="submit">Sign in</button>
            </form>
            """;
        var provider = openIdLabel is null ? "" :
            $"<a class=\"button\" id=\"openid\" href=\"/signin/openid?return={Uri.EscapeDataString(returnPath)}\">{Html.Encode(openIdLabel)}</a>";
        return
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="dark light">
            <title>Sign in · Telemetry</title><link rel="stylesheet" href="/signin.css"></head>
            <body><main>
            <div class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 13h4l3-8 5 15 3-7h5"/></svg>Telemetry</div>
            <h1>Sign in</h1>
            {alert}{text}{form}{provider}
            </main></body></html>
            """;
    }
}
