using System.Globalization;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Text;
using Telemetry.Query.Series;

namespace Telemetry.Query.Endpoints;

/// <summary>What a series was read from, for formats whose bodies hold rows only.</summary>
internal static class SeriesHeaders
{
    public static void Write(IHeaderDictionary headers, SeriesQuery query)
    {
        headers["Telemetry-Source"] = query.Source.Name();
        headers["Telemetry-Step-Ms"] = (query.StepUs / 1000).ToString(CultureInfo.InvariantCulture);
        if (query.CompleteFrom is { } from)
        {
            headers["Telemetry-Complete-From"] = TimeText.Format(from);
        }
    }
}
