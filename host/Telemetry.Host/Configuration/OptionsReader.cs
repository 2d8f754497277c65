using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Reflection;
using Telemetry.Contracts.Text;
using Telemetry.Host.Naming;

namespace Telemetry.Host.Configuration;

/// <summary>
/// Binds configuration to option records and reports everything wrong at once: unknown keys (a typo must not be silently
/// ignored), values that do not convert, and values outside their annotated range. Each error names key, value, origin
/// and fix.
/// </summary>
internal sealed class OptionsReader(IConfigurationRoot configuration)
{
    private readonly List<ConfigurationError> _errors = [];

    public IReadOnlyList<ConfigurationError> Errors => _errors;

    public T Read<T>(params string[] ignoredSections)
        where T : class, new()
    {
        var options = (T)ReadRecord(typeof(T), new T(), configuration, "", ignoredSections);
        if (_errors.Count > 0)
        {
            throw new ConfigurationException(_errors);
        }

        return options;
    }

    private object ReadRecord(Type type, object defaults, IConfiguration section, string path, string[] ignored)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is not null && p.GetIndexParameters().Length == 0)
            .ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (ignored.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            var key = path + child.Key;
            if (!properties.TryGetValue(child.Key, out var property))
            {
                var nearest = NearestName.Find(child.Key, properties.Keys);
                Add(key, child.Value, $"there is no such setting. {(nearest is null ? "Known here: " + string.Join(", ", properties.Keys.Order()) : $"Did you mean {path}{nearest}?")}");
                continue;
            }

            if (TryRead(property.PropertyType, property.GetValue(defaults), child, path + property.Name, out var value))
            {
                property.SetValue(defaults, value);
            }
        }

        Validate(defaults, properties.Values, path);
        return defaults;
    }

    private bool TryRead(Type type, object? current, IConfigurationSection section, string key, out object? value)
    {
        var target = Nullable.GetUnderlyingType(type) ?? type;
        if (IsScalar(target))
        {
            if (section.Value is null && section.GetChildren().FirstOrDefault() is { } child)
            {
                value = null;
                Add(key, null, $"one value, not a list or a section, but {child.Path} is given. Give {key} itself.");
                return false;
            }

            if (section.Value is null && type.IsValueType && target == type)
            {
                value = null;
                Add(key, null, $"nothing is given; leave it out for the default, or give {Describe(target)}.");
                return false;
            }

            return TryConvert(target, section.Value, key, out value);
        }

        if (ElementType(target) is { } element)
        {
            return TryReadList(element, section, key, out value);
        }

        if (section.Value is { Length: > 0 } text)
        {
            value = null;
            Add(key, text, $"a section, not one value. Give its settings as {key}:Name.");
            return false;
        }

        value = current ?? Activator.CreateInstance(target)!;
        value = ReadRecord(target, value, section, key + ":", []);
        return true;
    }

    /// <summary>
    /// A list is given item by item (<c>Http:Peers:0</c>, <c>Http:Peers:1</c>), or as one value where its items are single values: that is a list
    /// of one, and an empty value an empty list.
    /// </summary>
    private bool TryReadList(Type element, IConfigurationSection section, string key, out object? value)
    {
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        var children = section.GetChildren().ToList();
        value = null;
        if (section.Value is { Length: > 0 } single && children.Count > 0)
        {
            // One place gives a value, another items: which of them was meant cannot be known.
            Add(key, single, $"given as one value and as a list too ({string.Join(", ", children.Select(c => c.Path))}). Keep one of the two.");
            return false;
        }

        if (section.Value is { Length: > 0 } text)
        {
            if (!IsScalar(element))
            {
                Add(key, text, $"a list of sections, not one value. Give its items as {key}:0:..., {key}:1:... .");
                return false;
            }

            if (!TryRead(element, null, section, key, out var only))
            {
                return false;
            }

            list.Add(only);
        }

        foreach (var child in children)
        {
            if (TryRead(element, null, child, $"{key}:{child.Key}", out var item))
            {
                list.Add(item);
            }
        }

        var array = Array.CreateInstance(element, list.Count);
        list.CopyTo(array, 0);
        value = array;
        return true;
    }

    private bool TryConvert(Type type, string? text, string key, out object? value)
    {
        value = null;
        try
        {
            value = type switch
            {
                _ when text is null => null,
                _ when type == typeof(string) => text,
                _ when type == typeof(TimeSpan) => DurationText.Parse(text),
                _ when type == typeof(IPAddress) => text.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : IPAddress.Parse(text),
                _ when type == typeof(Uri) => text.Length == 0 ? null : new Uri(text, UriKind.Absolute),
                _ when type.IsEnum => Enum.Parse(type, text, ignoreCase: true),
                _ => TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, text),
            };
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            Add(key, text, $"not {Describe(type)}.");
            return false;
        }
    }

    private void Validate(object options, IEnumerable<PropertyInfo> properties, string path)
    {
        foreach (var property in properties)
        {
            var value = property.GetValue(options);
            foreach (var attribute in property.GetCustomAttributes<ValidationAttribute>())
            {
                var result = attribute.GetValidationResult(value, new ValidationContext(options) { MemberName = property.Name });
                if (result is not null && result != ValidationResult.Success)
                {
                    Add(path + property.Name, Convert.ToString(value, CultureInfo.InvariantCulture), result.ErrorMessage ?? "not allowed.");
                }
            }
        }

        if (options is IValidatableObject validatable)
        {
            foreach (var result in validatable.Validate(new ValidationContext(options)))
            {
                var member = result.MemberNames.FirstOrDefault() ?? "";
                Add(path + member, null, result.ErrorMessage ?? "not allowed.");
            }
        }
    }

    private void Add(string key, string? value, string problem) =>
        _errors.Add(new ConfigurationError(key, IsSecret(key) && value is not null ? "***" : value, problem, Origin(key)));

    private string Origin(string key)
    {
        foreach (var provider in configuration.Providers.Reverse())
        {
            if (provider.TryGet(key, out _))
            {
                return provider switch
                {
                    Microsoft.Extensions.Configuration.EnvironmentVariables.EnvironmentVariablesConfigurationProvider =>
                        $"environment TELEMETRY__{key.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant()}",
                    Microsoft.Extensions.Configuration.Json.JsonConfigurationProvider json => json.Source.Path ?? "settings file",
                    _ => "command line",
                };
            }
        }

        return "defaults";
    }

    private static bool IsSecret(string key) => key.EndsWith("Password", StringComparison.OrdinalIgnoreCase);

    private static bool IsScalar(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(decimal)
        || type == typeof(IPAddress) || type == typeof(Uri) || type == typeof(DateTimeOffset);

    private static Type? ElementType(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.GetGenericTypeDefinition() is { } open
            && (open == typeof(IReadOnlyList<>) || open == typeof(IList<>) || open == typeof(List<>) || open == typeof(IEnumerable<>))
            ? type.GetGenericArguments()[0]
            : null;

    private static string Describe(Type type) => type switch
    {
        _ when type == typeof(TimeSpan) => "a duration; give for example 250ms, 5s, 10m, 24h or 00:00:05",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(IPAddress) => "an IP address; give for example 127.0.0.1 or 0.0.0.0",
        _ when type == typeof(Uri) => "an absolute URL",
        _ when type.IsEnum => "one of " + string.Join(", ", Enum.GetNames(type)),
        _ when type == typeof(double) || type == typeof(float) || type == typeof(decimal) => "a number",
        _ => $"a whole number that fits {type.Name}",
    };
}
