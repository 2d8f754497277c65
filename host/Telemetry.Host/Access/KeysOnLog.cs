using System.Collections.Concurrent;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Telemetry.Host.Access;

/// <summary>
/// ASP.NET Core's data protection keys on the log: a cookie or an antiforgery token of one process is understood by the others. Who reads the topic could make an
/// antiforgery token, but no session: a cookie names one by 256 random bits, of which the log has a hash.
/// </summary>
internal sealed class KeysOnLog(KeyedTopic topic) : IXmlRepository
{
    /// <summary>How the keys of these entries begin.</summary>
    public const string Prefix = "key/";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, string> _elements = new(StringComparer.Ordinal);

    /// <summary>False while the process starts: then nobody waits for the log, which may be away.</summary>
    public bool MayWait { get; set; }

    /// <summary>An entry was read.</summary>
    public void Take(string key, ReadOnlyMemory<byte>? value)
    {
        if (value is { } bytes)
        {
            _elements[key] = Encoding.UTF8.GetString(bytes.Span);
        }
        else
        {
            _elements.TryRemove(key, out _);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The topic has not been read yet.</exception>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        if (!topic.Read.Wait(MayWait ? Patience : TimeSpan.Zero))
        {
            throw new InvalidOperationException("The keys of sessions have not been read from the log yet.");
        }

        return [.. _elements.Values.Select(XElement.Parse)];
    }

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName)
    {
        var text = element.ToString(SaveOptions.DisableFormatting);
        var key = Prefix + friendlyName;
        topic.PutAsync(key, Encoding.UTF8.GetBytes(text), Patience).GetAwaiter().GetResult();
        _elements[key] = text;
    }
}
