using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Telemetry.Query.OpenApi;

/// <summary>What a JSON value looks like, for the description of the API.</summary>
internal sealed record Shape
{
    private Shape(JsonSchemaType? type) => Type = type;

    /// <summary>Any text.</summary>
    public static Shape Text { get; } = new(JsonSchemaType.String);

    public static Shape Number { get; } = new(JsonSchemaType.Number);

    public static Shape Integer { get; } = new(JsonSchemaType.Integer);

    public static Shape Flag { get; } = new(JsonSchemaType.Boolean);

    /// <summary>RFC 3339.</summary>
    public static Shape Time { get; } = new(JsonSchemaType.String) { Format = "date-time" };

    /// <summary>Anything.</summary>
    public static Shape Any { get; } = new((JsonSchemaType?)null);

    public JsonSchemaType? Type { get; }

    /// <summary>Name among the components; null: written where it is used.</summary>
    public string? Name { get; private init; }

    public string? Format { get; private init; }

    public string? Description { get; private init; }

    public bool IsNullable { get; private init; }

    public IReadOnlyList<string> Choices { get; private init; } = [];

    public Shape? Items { get; private init; }

    /// <summary>Of an object: what each of its members is, whatever their names.</summary>
    public Shape? Values { get; private init; }

    public IReadOnlyList<(string Name, Shape Shape)> Members { get; private init; } = [];

    public static Shape List(Shape items) => new(JsonSchemaType.Array) { Items = items };

    public static Shape Map(Shape values) => new(JsonSchemaType.Object) { Values = values };

    public static Shape OneOf(IEnumerable<string> choices) => new(JsonSchemaType.String) { Choices = [.. choices] };

    /// <summary>An object. A member whose name ends in ? may be missing; the others are always there.</summary>
    public static Shape Object(params (string Name, Shape Shape)[] members) => new(JsonSchemaType.Object) { Members = members };

    /// <summary>An object with a name of its own.</summary>
    public static Shape Named(string name, params (string Name, Shape Shape)[] members) => new(JsonSchemaType.Object) { Name = name, Members = members };

    /// <summary>The same, or null where it is not known.</summary>
    public Shape OrNull() => this with { IsNullable = true };

    /// <summary>The same object with further members of any name, each such a value.</summary>
    public Shape With(Shape values) => this with { Values = values };

    public Shape Says(string description) => this with { Description = description };

    /// <summary>The schema; what has a name becomes a component once.</summary>
    public IOpenApiSchema ToSchema(OpenApiDocument document)
    {
        if (Name is null)
        {
            return Inline(document);
        }

        document.Components ??= new OpenApiComponents();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        if (!document.Components.Schemas.ContainsKey(Name))
        {
            // Its place first: a shape may hold itself.
            document.Components.Schemas[Name] = new OpenApiSchema();
            document.Components.Schemas[Name] = (this with { IsNullable = false }).Inline(document);
        }

        var reference = new OpenApiSchemaReference(Name, document);
        return IsNullable ? new OpenApiSchema { AnyOf = [reference, new OpenApiSchema { Type = JsonSchemaType.Null }] } : reference;
    }

    private OpenApiSchema Inline(OpenApiDocument document)
    {
        var schema = new OpenApiSchema { Type = IsNullable ? Type | JsonSchemaType.Null : Type, Format = Format, Description = Description };
        if (Choices.Count > 0)
        {
            schema.Enum = [.. Choices.Select(c => (JsonNode)JsonValue.Create(c)!)];
        }

        schema.Items = Items?.ToSchema(document);
        if (Values is not null)
        {
            schema.AdditionalProperties = Values.ToSchema(document);
        }

        if (Members.Count > 0)
        {
            schema.Properties = Members.ToDictionary(m => m.Name.TrimEnd('?'), m => m.Shape.ToSchema(document));
            schema.Required = Members.Where(m => !m.Name.EndsWith('?')).Select(m => m.Name).ToHashSet();
        }

        return schema;
    }
}
