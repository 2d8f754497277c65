using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Query;

/// <summary>A C# client made of the OpenAPI document by NSwag, compiled, and used against the API.</summary>
[Collection(EngineFixture.Collection)]
public sealed class CSharpClientTests(QueryStore store) : IClassFixture<QueryStore>
{
    [Fact]
    public async Task A_client_made_of_the_document_compiles_and_talks_to_the_API()
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
        var document = await OpenApiDocument.FromJsonAsync(
            await server.Client.GetStringAsync(new Uri("/openapi/v1-openapi3.0.json", UriKind.Relative), QueryStore.Token), QueryStore.Token);
        var settings = new CSharpClientGeneratorSettings { ClassName = "TelemetryClient", UseBaseUrl = false };
        settings.CSharpGeneratorSettings.Namespace = "Generated";
        settings.CSharpGeneratorSettings.JsonLibrary = NJsonSchema.CodeGeneration.CSharp.CSharpJsonLibrary.SystemTextJson;
        var type = Compile(new CSharpClientGenerator(document, settings).GenerateFile()).GetType("Generated.TelemetryClient").ShouldNotBeNull();
        var client = Activator.CreateInstance(type, server.Client)!;

        var device = await CallAsync(client, "DeviceAsync", "press-07");
        (Get(device, "Device"), Get(device, "Sensors")).ShouldBe(("press-07", (object)3));
        var series = await CallAsync(client, "SeriesAsync", "press-07", "temperature", "now-10m", "now", "1m", null, null, null);
        Get(series, "StepMs").ShouldBe(60_000);
        ((System.Collections.ICollection)Get(Get(series, "Columns")!, "Mean")!).Count.ShouldBe(10);

        var refused = await Should.ThrowAsync<Exception>(() => CallAsync(client, "DeviceAsync", "nobody"));
        refused.GetType().Name.ShouldStartWith("ApiException");
        Get(refused, "StatusCode").ShouldBe(404);
    }

    private static Assembly Compile(string code)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "Generated", [CSharpSyntaxTree.ParseText(code, cancellationToken: QueryStore.Token)], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var bytes = new MemoryStream();
        var result = compilation.Emit(bytes, cancellationToken: QueryStore.Token);
        result.Success.ShouldBeTrue(string.Join(Environment.NewLine, result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(5)));
        bytes.Position = 0;
        return new AssemblyLoadContext("generated", isCollectible: true).LoadFromStream(bytes);
    }

    private static async Task<object> CallAsync(object client, string name, params object?[] arguments)
    {
        var method = client.GetType().GetMethods().Single(m => m.Name == name && m.GetParameters().Length == arguments.Length);
        var task = (Task)method.Invoke(client, arguments)!;
        await task;
        return task.GetType().GetProperty("Result")!.GetValue(task)!;
    }

    private static object? Get(object value, string property) => value.GetType().GetProperty(property)!.GetValue(value);
}
