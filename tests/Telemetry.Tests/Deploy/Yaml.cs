using YamlDotNet.RepresentationModel;

namespace Telemetry.Tests.Deploy;

/// <summary>Short ways through a YAML document.</summary>
internal static class Yaml
{
    public static IReadOnlyList<YamlNode> Documents(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(d => d.RootNode).Where(n => n is YamlMappingNode)];
    }

    public static YamlNode File(params string[] path) =>
        Documents(System.IO.File.ReadAllText(Path.Combine([Support.Repository.Root, .. path]))).ShouldHaveSingleItem();

    /// <summary>The node at a path of keys; null when any of them is missing.</summary>
    public static YamlNode? Find(this YamlNode node, params string[] path)
    {
        foreach (var key in path)
        {
            if (node is not YamlMappingNode map || !map.Children.TryGetValue(new YamlScalarNode(key), out var child))
            {
                return null;
            }

            node = child;
        }

        return node;
    }

    public static YamlNode At(this YamlNode node, params string[] path) =>
        node.Find(path) ?? throw new InvalidOperationException($"no {string.Join('.', path)} in: {node}");

    public static string Text(this YamlNode node, params string[] path) => ((YamlScalarNode)node.At(path)).Value ?? "";

    public static IEnumerable<YamlNode> Items(this YamlNode node, params string[] path) =>
        node.Find(path) is YamlSequenceNode sequence ? sequence.Children : [];

    /// <summary>A map of scalars; empty when it is missing.</summary>
    public static Dictionary<string, string> Map(this YamlNode node, params string[] path) =>
        node.Find(path) is YamlMappingNode map
            ? map.Children.ToDictionary(c => ((YamlScalarNode)c.Key).Value!, c => (c.Value as YamlScalarNode)?.Value ?? "")
            : [];

    public static IEnumerable<(string Key, YamlNode Value)> Pairs(this YamlNode node, params string[] path) =>
        node.Find(path) is YamlMappingNode map ? map.Children.Select(c => (((YamlScalarNode)c.Key).Value!, c.Value)) : [];
}
