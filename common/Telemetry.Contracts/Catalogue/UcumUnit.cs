using System.Collections.Frozen;

namespace Telemetry.Contracts.Catalogue;

/// <summary>
/// Unit codes of UCUM (https://ucum.org/ucum, case sensitive): <c>Cel</c>, <c>mm/s</c>, <c>kW.h</c>, <c>{pieces}/min</c>. Says whether a code can be
/// read, and how people read it. Covers the base and derived units of the SI, those beside it, and what plants measure in of inch, pound and gallon.
/// <code>
/// term      = ["/"] component {("." | "/") component}
/// component = "(" term ")" | annotation | number | [prefix] atom [exponent] [annotation]
/// </code>
/// </summary>
public static class UcumUnit
{
    /// <summary>Longest code, characters.</summary>
    public const int LengthMax = 64;

    private const int DepthMax = 8;

    /// <summary>Units that take a prefix.</summary>
    private static readonly string[] Metric =
    [
        "m", "s", "g", "rad", "K", "C", "cd", "A", "mol", "Cel", "Hz", "N", "Pa", "J", "W", "V", "F", "Ohm", "S", "Wb", "T", "H", "lm", "lx", "Bq",
        "Gy", "Sv", "sr", "kat", "l", "L", "ar", "t", "bar", "u", "eV", "pc", "cal", "B", "B[SPL]", "B[V]", "B[mV]", "B[W]", "B[kW]", "bit", "By", "Bd",
        "U", "eq", "osm", "m[H2O]", "m[Hg]", "St", "P", "G", "g%", "kgf", "gf", "erg", "dyn",
    ];

    private static readonly string[] Other =
    [
        "%", "[ppth]", "[ppm]", "[ppb]", "[pH]", "min", "h", "d", "wk", "mo", "a", "deg", "'", "''", "atm", "AU", "[c]", "[g]", "[degF]", "[degR]",
        "[in_i]", "[ft_i]", "[yd_i]", "[mi_i]", "[mil_i]", "[sin_i]", "[sft_i]", "[cft_i]", "[cin_i]", "[acr_us]", "[gal_us]", "[qt_us]", "[pt_us]", "[foz_us]", "[gal_br]",
        "[oz_av]", "[lb_av]", "[lbf_av]", "[ston_av]", "[lton_av]", "[psi]", "[HP]", "[Btu]", "[Btu_IT]", "[Btu_th]", "[kn_i]", "[nmi_i]", "[in_i'H2O]",
        "[in_i'Hg]", "[bbl_us]", "[bu_us]", "st", "b", "circ", "gon", "10*", "10^", "[pi]", "[arb'U]", "[iU]", "[IU]",
    ];

    private static readonly string[] Prefixes =
        ["da", "Ki", "Mi", "Gi", "Ti", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u", "n", "p", "f", "a", "z", "y"];

    private static readonly FrozenSet<string> Atoms =
        Metric.Concat(Other).Concat(from prefix in Prefixes from unit in Metric select prefix + unit).ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Symbols = new Dictionary<string, string>
    {
        ["Cel"] = "°C", ["[degF]"] = "°F", ["deg"] = "°", ["Ohm"] = "Ω", ["kOhm"] = "kΩ", ["MOhm"] = "MΩ", ["um"] = "µm", ["us"] = "µs", ["ug"] = "µg", ["uA"] = "µA",
        ["uV"] = "µV", ["[ppm]"] = "ppm", ["[ppb]"] = "ppb", ["[ppth]"] = "‰", ["[pH]"] = "pH", ["m2"] = "m²", ["m3"] = "m³", ["m3/h"] = "m³/h", ["m3/s"] = "m³/s", ["m/s2"] = "m/s²",
        ["kg/m3"] = "kg/m³", ["W/m2"] = "W/m²", ["/min"] = "1/min", ["{rpm}"] = "rpm", ["/s"] = "1/s", ["1"] = "", ["[psi]"] = "psi", ["[HP]"] = "hp", ["[gal_us]"] = "gal",
        ["[gal_us]/min"] = "gal/min", ["[ft_i]"] = "ft", ["[in_i]"] = "in", ["[lb_av]"] = "lb", ["kW.h"] = "kWh", ["W.h"] = "Wh", ["MW.h"] = "MWh", ["V.A"] = "VA", ["kV.A"] = "kVA",
        ["A.h"] = "Ah", ["N.m"] = "Nm", ["By"] = "B", ["kBy"] = "kB", ["MBy"] = "MB", ["dB[SPL]"] = "dB", ["m[H2O]"] = "mH₂O", ["[g]"] = "gₙ",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Codes = Symbols.Where(s => s.Value.Length > 0)
        .GroupBy(s => s.Value).ToFrozenDictionary(g => g.Key, g => g.First().Key, StringComparer.Ordinal);

    /// <summary>True for a code that can be read.</summary>
    public static bool IsCode(string code) => code.Length is > 0 and <= LengthMax && new Reader(code).IsTerm();

    /// <summary>How people read a code: the symbol, or the code itself where that is one.</summary>
    public static string SymbolOf(string code)
    {
        if (Symbols.TryGetValue(code, out var symbol))
        {
            return symbol;
        }

        // {pieces} is a unit of counting: its name is the symbol.
        var text = code.Length > 2 && code[0] == '{' ? code[1..].Replace("}", "", StringComparison.Ordinal) : code;
        return text.Replace(".", "·", StringComparison.Ordinal).Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
    }

    /// <summary>The code of a symbol that people or other systems write; null: not known.</summary>
    public static string? CodeOf(string symbol) => Codes.TryGetValue(symbol, out var code)
        ? code
        : symbol switch
        {
            "degC" or "deg C" or "ºC" or "℃" or "DEG_C" => "Cel",
            "degF" or "deg F" or "ºF" => "[degF]",
            "rpm" or "RPM" => "{rpm}",
            "L/min" or "lpm" => "l/min",
            "m3/h" or "m^3/h" => "m3/h",
            "ohm" or "Ω" => "Ohm",
            "kWh" => "kW.h",
            "percent" or "pct" => "%",
            _ => IsCode(symbol) ? symbol : null,
        };

    private ref struct Reader(ReadOnlySpan<char> text)
    {
        private ReadOnlySpan<char> _rest = text;
        private int _depth;

        public bool IsTerm() => TryTerm() && _rest.IsEmpty;

        private bool TryTerm()
        {
            if (!_rest.IsEmpty && _rest[0] == '/')
            {
                _rest = _rest[1..];
            }

            while (TryComponent())
            {
                if (_rest.IsEmpty || _rest[0] is not ('.' or '/'))
                {
                    return true;
                }

                _rest = _rest[1..];
            }

            return false;
        }

        private bool TryComponent()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            if (_rest[0] == '(')
            {
                return TryBrackets();
            }

            if (_rest[0] == '{')
            {
                return TryAnnotation();
            }

            if (!TryNumber() && !TryUnit())
            {
                return false;
            }

            return _rest.IsEmpty || _rest[0] != '{' || TryAnnotation();
        }

        private bool TryBrackets()
        {
            if (++_depth > DepthMax)
            {
                return false;
            }

            _rest = _rest[1..];
            if (!TryTerm() || _rest.IsEmpty || _rest[0] != ')')
            {
                return false;
            }

            _depth--;
            _rest = _rest[1..];
            return true;
        }

        private bool TryAnnotation()
        {
            var end = _rest.IndexOf('}');
            if (end < 2 || _rest[1..end].Contains('{') || _rest[1..end].ContainsAnyExceptInRange('!', '~'))
            {
                return false;
            }

            _rest = _rest[(end + 1)..];
            return true;
        }

        private bool TryNumber()
        {
            var digits = Digits(_rest);
            if (digits == 0 || _rest.StartsWith("10*") || _rest.StartsWith("10^"))
            {
                return false;
            }

            _rest = _rest[digits..];
            return true;
        }

        /// <summary>The longest atom counts: <c>min</c> is a minute, not milli-inch, and <c>cd</c> no centi-day.</summary>
        private bool TryUnit()
        {
            var lookup = Atoms.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var length = Math.Min(_rest.Length, 16); length > 0; length--)
            {
                if (lookup.Contains(_rest[..length]) && TryExponent(_rest[length..], out var after))
                {
                    _rest = after;
                    return true;
                }
            }

            return false;
        }

        private static bool TryExponent(ReadOnlySpan<char> text, out ReadOnlySpan<char> after)
        {
            after = text;
            var sign = !text.IsEmpty && text[0] is '+' or '-' ? 1 : 0;
            var digits = Digits(text[sign..]);
            if (digits == 0)
            {
                return sign == 0 && (text.IsEmpty || text[0] is '.' or '/' or ')' or '{');
            }

            after = text[(sign + digits)..];
            return digits <= 3 && (after.IsEmpty || after[0] is '.' or '/' or ')' or '{');
        }

        private static int Digits(ReadOnlySpan<char> text)
        {
            var end = text.IndexOfAnyExceptInRange('0', '9');
            return end < 0 ? text.Length : end;
        }
    }
}
