using System.Globalization;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Query.Problems;
using Telemetry.Query.Setup;

namespace Telemetry.Query.Parameters;

/// <summary>Reads the parameters of one request; the first that is wrong is thrown as an <see cref="ApiProblem"/> naming it.</summary>
internal sealed class ApiParameters
{
    private const int TextMax = 256;

    private readonly HttpContext _context;
    private readonly QueryOptions _options;
    private readonly IReadOnlyList<ParameterSpec> _known;
    private TimeRange? _range;

    public ApiParameters(HttpContext context, IReadOnlyList<ParameterSpec> known, QueryOptions options, DateTimeOffset now)
    {
        _context = context;
        _options = options;
        _known = known;
        Now = now;
        foreach (var (name, values) in context.Request.Query)
        {
            var spec = known.FirstOrDefault(spec => spec.Name == name && !spec.InPath);
            if (spec is null)
            {
                var names = string.Join(", ", known.Where(spec => !spec.InPath).Select(spec => spec.Name));
                throw ApiProblem.BadParameter(
                    Clip(name), $"There is no parameter '{Clip(name)}' here. This endpoint takes: {names}.", names);
            }

            if (values.Count > 1)
            {
                throw ApiProblem.BadParameter(name, $"'{name}' is given {values.Count} times; give it once.", spec.Example);
            }
        }
    }

    public DateTimeOffset Now { get; }

    public string? Text(ParameterSpec spec)
    {
        var text = spec.InPath
            ? Uri.UnescapeDataString((string?)_context.Request.RouteValues[spec.Name] ?? "")
            : (string?)_context.Request.Query[spec.Name];
        if (string.IsNullOrEmpty(text))
        {
            return spec.Required
                ? throw ApiProblem.BadParameter(spec.Name, $"'{spec.Name}' must be given. {spec.Description}", spec.Example)
                : null;
        }

        return text.Length <= TextMax
            ? text
            : throw ApiProblem.BadParameter(spec.Name, $"'{spec.Name}' is longer than {TextMax} characters.", spec.Example);
    }

    /// <summary>A name as it can be in the store. Others are refused here, so that a typing error does not look like "no data".</summary>
    public string? Name(ParameterSpec spec)
    {
        var name = Text(spec);
        if (name is null)
        {
            return null;
        }

        var sensor = spec.Name == "sensor";
        Span<byte> ascii = stackalloc byte[ReadingLimits.NameBytesMax];
        var legal = name.Length <= ascii.Length
            && System.Text.Ascii.FromUtf16(name, ascii, out var length) == System.Buffers.OperationStatus.Done
            && (sensor ? ReadingNames.IsSensor(ascii[..length]) : ReadingNames.IsDevice(ascii[..length]));
        return legal
            ? name
            : throw ApiProblem.BadParameter(
                spec.Name,
                $"'{Clip(name)}' cannot be a {spec.Name}: names have 1 to {ReadingLimits.NameBytesMax} of A-Z a-z 0-9 . _ : -{(sensor ? " /" : "")}.",
                spec.Example);
    }

    public string RequiredName(ParameterSpec spec) => Name(spec with { Required = true })!;

    public TimeRange Range(TimeSpan back)
    {
        if (Cursor() is { Range: { } held })
        {
            _range = held;
            return held;
        }

        var from = Time(CommonParameters.From, Now - back);
        var to = Time(CommonParameters.To, Now);
        _range = new TimeRange(from, to);
        return from < to
            ? new TimeRange(from, to)
            : throw ApiProblem.BadParameter(
                "from",
                $"'from' ({TimeText.Format(from)}) is not before 'to' ({TimeText.Format(to)}).",
                "from=now-1h&to=now");
    }

    public int Integer(ParameterSpec spec, int fallback, int least, int most)
    {
        var text = Text(spec);
        if (text is null)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw ApiProblem.BadParameter(
                spec.Name, $"'{Clip(text)}' is not a whole number from {least} to {most}.", spec.Example);
    }

    public (int Limit, int Offset) Page() => (
        Integer(CommonParameters.Limit, _options.PageDefault, 1, _options.PageMax),
        Cursor()?.Offset ?? Integer(CommonParameters.Offset, 0, 0, 10_000_000));

    /// <summary>The name after which the page begins; empty: from the start.</summary>
    public string After() => Cursor() is { } cursor ? cursor.Name : "";

    /// <summary>A cursor for the page that begins at an offset of this answer.</summary>
    public string CursorAt(int offset) => PageCursor.Write(offset, _range);

    private PageCursor? Cursor() => !_known.Contains(CommonParameters.Cursor) || Text(CommonParameters.Cursor) is not { } text
        ? null
        : PageCursor.TryRead(text, out var cursor)
            ? cursor
            : throw ApiProblem.BadParameter(
                "cursor", $"'{Clip(text)}' is not a cursor. Take it from 'nextCursor' of the page before.", CommonParameters.Cursor.Example);

    public int Points() => Integer(CommonParameters.Points, _options.PointsDefault, 2, _options.PointsMax);

    public Step Step()
    {
        var text = Text(CommonParameters.Step);
        return Parameters.Step.TryParse(text ?? "auto", out var step)
            ? step
            : throw ApiProblem.BadParameter(
                "step", $"'{Clip(text!)}' is not auto, raw or a duration of 1 ms to 366 days.", "auto, raw, 1m, 1h, 1d or PT15M");
    }

    public T? Choice<T>(ParameterSpec spec, IReadOnlyDictionary<string, T> choices)
        where T : struct
    {
        var text = Text(spec);
        if (text is null)
        {
            return null;
        }

        return choices.TryGetValue(text, out var value)
            ? value
            : throw ApiProblem.BadParameter(
                spec.Name, $"'{Clip(text)}' is not one of {string.Join(", ", choices.Keys)}.", choices.Keys.First());
    }

    /// <summary>The <c>format</c> parameter, else the first type of the Accept header that we write, else JSON.</summary>
    /// <param name="fallback">When neither says anything.</param>
    /// <param name="columns">True: Parquet and Arrow too.</param>
    public OutputFormat Format(OutputFormat fallback = OutputFormat.Json, bool columns = false)
    {
        var text = Text(CommonParameters.Format);
        if (text is not null)
        {
            return text switch
            {
                "json" => OutputFormat.Json,
                "csv" => OutputFormat.Csv,
                "jsonl" or "ndjson" => OutputFormat.JsonLines,
                "parquet" when columns => OutputFormat.Parquet,
                "arrow" when columns => OutputFormat.Arrow,
                _ => throw ApiProblem.BadParameter(
                    "format", $"'{Clip(text)}' is not json, csv{(columns ? ", jsonl, parquet or arrow" : " or jsonl")}.", "csv"),
            };
        }

        foreach (var part in _context.Request.Headers.Accept.ToString().Split(','))
        {
            switch (part.Split(';')[0].Trim())
            {
                case "application/json":
                    return OutputFormat.Json;
                case "text/csv":
                    return OutputFormat.Csv;
                case "application/x-ndjson" or "application/jsonl" or "application/x-jsonlines":
                    return OutputFormat.JsonLines;
                case OutputFormats.ParquetType or "application/x-parquet" when columns:
                    return OutputFormat.Parquet;
                case OutputFormats.ArrowType when columns:
                    return OutputFormat.Arrow;
                default:
                    break;
            }
        }

        return fallback;
    }

    /// <summary>A time or a duration ago, from the body of a request; null: there is none.</summary>
    /// <exception cref="ApiProblem">It is neither.</exception>
    public long? TimeOf(string member, string? text) => text is null ? null
        : TimeText.TryParse(text, Now, out var us) ? us
        : throw ApiProblem.BadParameter(member, $"'{Clip(text)}' is not a point in time between 1970 and 2100.", TimeText.Example);

    private long Time(ParameterSpec spec, DateTimeOffset fallback)
    {
        var text = Text(spec);
        if (text is null)
        {
            return UnixMicros.From(fallback);
        }

        return TimeText.TryParse(text, Now, out var us)
            ? us
            : throw ApiProblem.BadParameter(
                spec.Name, $"'{Clip(text)}' is not a point in time between 1970 and 2100.", TimeText.Example);
    }

    private static string Clip(string text) => text.Length <= 64 ? text : text[..64] + "…";
}
