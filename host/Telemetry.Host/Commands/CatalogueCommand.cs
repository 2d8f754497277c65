using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Query.Catalogue;

namespace Telemetry.Host.Commands;

/// <summary><c>telemetry catalogue import|export|check</c>: over the API of a running instance, or on the log itself.</summary>
internal static class CatalogueCommand
{
    private const int NotUsable = 1;

    public static Command Create() => new("catalogue", "What devices and sensors are: names, places, units, limits (docs/catalogue.md).")
    {
        Import(), Export(), Check(),
    };

    private static Command Import()
    {
        var file = FileArgument();
        var replace = new Option<bool>("--replace") { Description = "Entries of people that are not in the document are deleted." };
        var comment = new Option<string>("--comment") { Description = "Why, for the history.", DefaultValueFactory = _ => "" };
        var command = new Command("import", "Imports a document, JSON or CSV by its name. Entries that change nothing are not written.") { file, replace, comment };
        var api = AddApi(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var document = await ReadAsync(result.GetValue(file)!, cancellationToken);
            var changes = UsesLog(result, api)
                ? await PutOnLogAsync(result, api, document, result.GetValue(replace), result.GetValue(comment)!, cancellationToken)
                : await SendAsync(
                    result, api, "import", document,
                    $"?by={Uri.EscapeDataString(Environment.UserName)}&comment={Uri.EscapeDataString(result.GetValue(comment)!)}{(result.GetValue(replace) ? "&replace=true" : "")}",
                    cancellationToken);
            await result.InvocationConfiguration.Output.WriteLineAsync(Describe(changes));
            return 0;
        });
        return command;
    }

    private static Command Export()
    {
        var format = new Option<string>("--format") { Description = "json or csv (default: by the name of --output, else json)." };
        format.AcceptOnlyFromAmong("json", "csv");
        var output = new Option<FileInfo?>("--output") { Description = "File to write (default: standard output)." };
        var command = new Command("export", "Writes the entries that people made, in the form that import reads.") { format, output };
        var api = AddApi(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var target = result.GetValue(output);
            var isCsv = (result.GetValue(format) ?? (target?.Extension.Equals(".csv", StringComparison.OrdinalIgnoreCase) == true ? "csv" : "json")) == "csv";
            using var document = new MemoryStream();
            if (UsesLog(result, api))
            {
                await OverLogAsync(result, api, desk =>
                {
                    document.Write(isCsv ? Encoding.UTF8.GetBytes(CatalogueCsv.Write(desk.Book.Written())) : CatalogueDocument.Write(desk.Book.Written()));
                    return Task.CompletedTask;
                }, cancellationToken);
            }
            else
            {
                await api.CopyAsync(result, HttpMethod.Get, $"api/v1/catalogue/export?format={(isCsv ? "csv" : "json")}", null, document, cancellationToken);
            }

            if (target is not null)
            {
                await File.WriteAllBytesAsync(target.FullName, document.ToArray(), cancellationToken);
            }
            else
            {
                await result.InvocationConfiguration.Output.WriteAsync(Encoding.UTF8.GetString(document.GetBuffer(), 0, (int)document.Length));
            }

            return 0;
        });
        return command;
    }

    private static Command Check()
    {
        var file = FileArgument();
        var command = new Command(
            "check", "Names everything that is wrong with a document; where an instance runs, also what an import would change. Ends with code 1 when it cannot be used.") { file };
        var api = AddApi(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var document = await ReadAsync(result.GetValue(file)!, cancellationToken);
            var output = result.InvocationConfiguration.Output;
            if (document.Read(out var errors) is not { } entries)
            {
                foreach (var error in errors)
                {
                    await output.WriteLineAsync(error.ToString());
                }

                return NotUsable;
            }

            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"Usable: {entries.Count(e => e.Source != CatalogueSource.Pattern && e.Sensor.Length == 0)} devices, {entries.Count(e => e.Source != CatalogueSource.Pattern && e.Sensor.Length > 0)} sensors, {entries.Count(e => e.Source == CatalogueSource.Pattern)} patterns."));
            if (!UsesLog(result, api) && api.IsThere(result))
            {
                await output.WriteLineAsync("An import would be: " + Describe(await SendAsync(result, api, "check", document, "", cancellationToken)));
            }

            return 0;
        });
        return command;
    }

    private static Argument<FileInfo> FileArgument() => new("file") { Description = "The document: .csv, or JSON." };

    private static ApiOption AddApi(Command command)
    {
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        var api = new ApiOption(shared);
        api.AddTo(command);
        return api;
    }

    /// <summary>With --kafka and without an API the log itself is written and read.</summary>
    private static bool UsesLog(ParseResult result, ApiOption api) => api.Load(result).IsKafka && !api.IsThere(result);

    private static async Task<CatalogueCounts> SendAsync(
        ParseResult result, ApiOption api, string action, Document document, string query, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(document.Bytes) { Headers = { ContentType = new MediaTypeHeaderValue(document.IsCsv ? "text/csv" : "application/json") } };
        var answer = await api.SendAsync(result, HttpMethod.Post, $"api/v1/catalogue/{action}{query}", content, cancellationToken);
        return new CatalogueCounts(Number("added"), Number("changed"), Number("unchanged"), Number("deleted"));

        int Number(string name) => answer.GetProperty(name).GetInt32();
    }

    private static async Task<CatalogueCounts> PutOnLogAsync(
        ParseResult result, ApiOption api, Document document, bool replaces, string comment, CancellationToken cancellationToken)
    {
        var entries = document.Read(out var errors) ?? throw new FormatException(string.Join(Environment.NewLine, errors));
        var changes = new CatalogueChanges(0, 0, 0, 0, []);
        await OverLogAsync(
            result,
            api,
            async desk => changes = await desk.PutAsync(
                entries, new CatalogueWrite(Environment.UserName, comment) { DeletesOthers = replaces }, cancellationToken),
            cancellationToken);
        return new CatalogueCounts(changes.Added, changes.Changed, changes.Unchanged, changes.Deleted);
    }

    private static async Task OverLogAsync(ParseResult result, ApiOption api, Func<CatalogueDesk, Task> work, CancellationToken cancellationToken)
    {
        var options = api.Load(result);
        using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Warning }, console: true);
        await CatalogueOnLog.RunAsync(options, logging, work, cancellationToken);
    }

    private static async Task<Document> ReadAsync(FileInfo file, CancellationToken cancellationToken) => file.Exists
        ? new Document(await File.ReadAllBytesAsync(file.FullName, cancellationToken), file.Extension.Equals(".csv", StringComparison.OrdinalIgnoreCase))
        : throw new IOException($"{file.FullName} is not there.");

    private static string Describe(CatalogueCounts counts) => string.Create(
        CultureInfo.InvariantCulture, $"{counts.Added} added, {counts.Changed} changed, {counts.Unchanged} unchanged, {counts.Deleted} deleted.");

    private sealed record Document(byte[] Bytes, bool IsCsv)
    {
        public IReadOnlyList<CatalogueEntry>? Read(out IReadOnlyList<DocumentError> errors) =>
            IsCsv ? CatalogueCsv.Read(Bytes, out errors) : CatalogueReader.ReadDocument(Bytes, out errors);
    }

    private readonly record struct CatalogueCounts(int Added, int Changed, int Unchanged, int Deleted);
}
