using System.ComponentModel.DataAnnotations;
using Telemetry.Mqtt;

namespace Telemetry.Edge;

/// <summary>Checks options with everything nested in them; the messages say where, such as <c>Listeners[1].Tls.KeyFile</c>.</summary>
internal static class EdgeOptionsValidator
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    /// <exception cref="EdgeConfigurationException">With every error there is.</exception>
    public static void Check(EdgeOptions options)
    {
        var errors = new List<string>();
        CheckObject(options, "", errors);
        CheckTime(options.ConnectTimeout, TimeSpan.FromMilliseconds(1), LongestTimer, nameof(options.ConnectTimeout), errors);
        CheckTime(options.MaxKeepAlive, TimeSpan.Zero, TimeSpan.FromSeconds(65_535), nameof(options.MaxKeepAlive), errors);
        CheckTime(options.TcpKeepAlive, TimeSpan.Zero, TimeSpan.FromSeconds(32_767), nameof(options.TcpKeepAlive), errors);
        CheckTime(options.SysInterval, TimeSpan.Zero, LongestTimer, nameof(options.SysInterval), errors);
        CheckTime(options.SessionExpiryMax, TimeSpan.Zero, TimeSpan.FromSeconds(uint.MaxValue), nameof(options.SessionExpiryMax), errors);
        CheckTime(options.ReloadInterval, TimeSpan.Zero, LongestTimer, nameof(options.ReloadInterval), errors);
        CheckTime(options.LingerTime, TimeSpan.FromMilliseconds(1), LongestTimer, nameof(options.LingerTime), errors);
        CheckTime(options.DrainTimeout, TimeSpan.Zero, LongestTimer, nameof(options.DrainTimeout), errors);
        CheckEach(options.Listeners, nameof(options.Listeners), errors, (listener, at) =>
        {
            if (listener.Tls is { } tls)
            {
                CheckTls(tls, $"{at}.Tls.", errors);
            }
        });
        CheckTokens(options.Tokens, errors);
        CheckObject(options.Limits, $"{nameof(options.Limits)}.", errors);
        CheckObject(options.Limits.Client, $"{nameof(options.Limits)}.{nameof(options.Limits.Client)}.", errors);
        CheckObject(options.Limits.Address, $"{nameof(options.Limits)}.{nameof(options.Limits.Address)}.", errors);
        CheckObject(options.Limits.Listener, $"{nameof(options.Limits)}.{nameof(options.Limits.Listener)}.", errors);
        CheckObject(options.Passwords, $"{nameof(options.Passwords)}.", errors);
        CheckOrigins(options.AllowedOrigins, nameof(options.AllowedOrigins), errors);
        CheckTopicFilters(options.AcknowledgeFromMemory, nameof(options.AcknowledgeFromMemory), errors);
        CheckEach(options.Users, nameof(options.Users), errors);
        CheckEach(options.AccessRules, nameof(options.AccessRules), errors, (rule, at) =>
        {
            CheckFilters(rule.Publish, $"{at}.Publish", errors);
            CheckFilters(rule.Subscribe, $"{at}.Subscribe", errors);
            CheckFilters(rule.DenyPublish, $"{at}.DenyPublish", errors);
            CheckFilters(rule.DenySubscribe, $"{at}.DenySubscribe", errors);
        });
        CheckFile(options.UsersFile, nameof(options.UsersFile), errors);
        CheckFile(options.RulesFile, nameof(options.RulesFile), errors);
        if (options.ServerMoved && string.IsNullOrWhiteSpace(options.ServerReference))
        {
            errors.Add("ServerMoved needs ServerReference; name the brokers that clients shall go to, such as 'edge-2:1883'.");
        }

        if (errors.Count > 0)
        {
            throw new EdgeConfigurationException(string.Join(" ", errors));
        }
    }

    private static void CheckTokens(TokenOptions tokens, List<string> errors)
    {
        const string At = "Tokens.";
        CheckObject(tokens, At, errors);
        CheckFile(tokens.KeysFile, $"{At}{nameof(tokens.KeysFile)}", errors);
        CheckTime(tokens.ClockSkew, TimeSpan.Zero, TimeSpan.FromMinutes(10), $"{At}{nameof(tokens.ClockSkew)}", errors);
        CheckTime(tokens.RefreshInterval, TimeSpan.FromSeconds(1), LongestTimer, $"{At}{nameof(tokens.RefreshInterval)}", errors);
        if (tokens.IsOn && (string.IsNullOrEmpty(tokens.Issuer) || string.IsNullOrEmpty(tokens.Audience)))
        {
            errors.Add($"{At}{nameof(tokens.Issuer)} and {At}{nameof(tokens.Audience)} are needed: without them any token that those keys signed, for whatever service, would let its bearer in.");
        }

        if (tokens.KeysUrl is { } url && url.Scheme != Uri.UriSchemeHttps && !(url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
        {
            errors.Add($"{At}{nameof(tokens.KeysUrl)} is {url}; give an https address: whoever can change keys on their way can sign tokens.");
        }
    }

    private static void CheckOrigins(string[]? origins, string at, List<string> errors)
    {
        for (var i = 0; i < origins?.Length; i++)
        {
            var good = origins[i] == "*" || (Uri.TryCreate(origins[i], UriKind.Absolute, out var uri)
                && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0);
            if (!good)
            {
                errors.Add($"{at}[{i}] is '{origins[i]}'; give an origin such as 'https://plant.example:8443', or '*'.");
            }
        }
    }

    private static void CheckTopicFilters(string[]? filters, string at, List<string> errors)
    {
        for (var i = 0; i < filters?.Length; i++)
        {
            if (!TopicFilter.TryParse(filters[i] ?? "", out var filter, out var error))
            {
                errors.Add($"{at}[{i}] is '{filters[i]}', which is not a topic filter: {error.Message} Give one such as 'plant/+/state'.");
            }
            else if (filter.IsShared)
            {
                errors.Add($"{at}[{i}] is '{filters[i]}'; give the filter without $share/{filter.ShareName}/: it is compared with topics.");
            }
        }
    }

    private static void CheckTls(MqttTlsOptions tls, string at, List<string> errors)
    {
        CheckObject(tls, at, errors);
        CheckFile(tls.CertificateFile, $"{at}{nameof(tls.CertificateFile)}", errors);
        CheckFile(tls.KeyFile, $"{at}{nameof(tls.KeyFile)}", errors);
        CheckFile(tls.ClientAuthoritiesFile, $"{at}{nameof(tls.ClientAuthoritiesFile)}", errors);
        CheckFile(tls.RevocationListFile, $"{at}{nameof(tls.RevocationListFile)}", errors);
        if (tls is { RevocationListFile: { Length: > 0 }, ClientAuthoritiesFile: null or "" })
        {
            errors.Add($"{at}{nameof(tls.RevocationListFile)} needs {nameof(tls.ClientAuthoritiesFile)}: without authorities no client certificate is asked for.");
        }
    }

    private static void CheckEach<T>(T[]? items, string name, List<string> errors, Action<T, string>? more = null)
        where T : class
    {
        if (items is null)
        {
            errors.Add($"{name} is null; leave it out or give a list.");
            return;
        }

        for (var i = 0; i < items.Length; i++)
        {
            var at = $"{name}[{i}]";
            if (items[i] is not { } item)
            {
                errors.Add($"{at} is null; remove it or fill it in.");
                continue;
            }

            CheckObject(item, $"{at}.", errors);
            more?.Invoke(item, at);
        }
    }

    private static void CheckFilters(string[]? filters, string at, List<string> errors)
    {
        // Null was found by CheckObject already.
        for (var i = 0; i < filters?.Length; i++)
        {
            if (string.IsNullOrEmpty(filters[i]))
            {
                errors.Add($"{at}[{i}] is empty; give a topic filter such as 'devices/{{client}}/#'.");
            }
        }
    }

    private static void CheckFile(string? file, string at, List<string> errors)
    {
        if (!string.IsNullOrEmpty(file) && !File.Exists(file))
        {
            errors.Add($"{at}: there is no file '{file}'; give the path of a file that this process may read.");
        }
    }

    private static void CheckTime(TimeSpan value, TimeSpan least, TimeSpan most, string at, List<string> errors)
    {
        if (value < least || value > most)
        {
            errors.Add($"{at} is {value}; it must be between {least} and {most}.");
        }
    }

    private static void CheckObject(object value, string at, List<string> errors)
    {
        var found = new List<ValidationResult>();
        Validator.TryValidateObject(value, new ValidationContext(value), found, validateAllProperties: true);
        errors.AddRange(found.Select(e => $"{at}{e.ErrorMessage}"));
    }
}
