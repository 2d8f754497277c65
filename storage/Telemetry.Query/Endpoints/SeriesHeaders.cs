using System.Globalization;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Text;
using Telemetry.Query.Parameters;
using Telemetry.Query.Series;

namespace Telemetry.Query.Endpoints;

/// <summary>What a series was read from, for formats whose bodies hold rows only.</summary>
internal static class SeriesHeaders
{
    private const string Utc = "UTC";

    public static void Write(IHeaderDictionary headers, SeriesQuery query)
    {
        headers["Telemetry-Source"] = query.Source.Name();
        headers["Telemetry-Step-Ms"] = (query.StepUs / 1000).ToString(CultureInfo.InvariantCulture);
        headers["Telemetry-Time-Zone"] = Utc;
        if (!query.IsRaw && query.StepUs % Step.Day == 0)
        {
            headers["Telemetry-Days-In"] = query.Days?.Zone ?? Utc;
        }

        if (query.CompleteFrom is { } from)
        {
            headers["Telemetry-Complete-From"] = TimeText.Format(from);
        }
    }
}
