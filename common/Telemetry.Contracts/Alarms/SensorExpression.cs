using System.Globalization;

namespace Telemetry.Contracts.Alarms;

/// <summary>
/// A comparison over two sensors of one device, for example <c>inlet - outlet > 15</c> or <c>abs('temp/a' - 'temp/b') >= 2.5</c>. Numbers, the four
/// operations, brackets, <c>abs</c>, <c>min</c>, <c>max</c>; a sensor whose name is not made of letters, digits and _ goes in single quotes.
/// Without side effects and without memory; a result that is not a number compares as false.
/// </summary>
public sealed class SensorExpression
{
    private const int LengthMax = 512;
    private const int DepthMax = 32;

    private readonly Func<double, double, double> _left;

    private SensorExpression(string text, string first, string second, Func<double, double, double> left, string comparison, double limit) =>
        (Text, First, Second, _left, Comparison, Limit) = (text, first, second, left, comparison, limit);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>The sensor named first.</summary>
    public string First { get; }

    /// <summary>The other one.</summary>
    public string Second { get; }

    /// <summary>&gt;, &gt;=, &lt; or &lt;=.</summary>
    public string Comparison { get; }

    /// <summary>The number on the right.</summary>
    public double Limit { get; }

    /// <summary>The left side.</summary>
    public double Evaluate(double first, double second) => _left(first, second);

    /// <summary>True when the value stands in the comparison to the limit.</summary>
    /// <param name="value">What <see cref="Evaluate"/> gave.</param>
    /// <param name="holds">Whether it held before.</param>
    /// <param name="deadband">How far it must come back to hold no longer.</param>
    public bool Holds(double value, bool holds, double deadband) => (Comparison, holds) switch
    {
        (">", false) => value > Limit,
        (">", true) => value > Limit - deadband,
        (">=", false) => value >= Limit,
        (">=", true) => value >= Limit - deadband,
        ("<", false) => value < Limit,
        ("<", true) => value < Limit + deadband,
        (_, false) => value <= Limit,
        (_, true) => value <= Limit + deadband,
    };

    /// <exception cref="FormatException">Not such a comparison; the message says where and why.</exception>
    public static SensorExpression Parse(string text)
    {
        if (text.Length > LengthMax)
        {
            throw new FormatException($"it is longer than {LengthMax} characters.");
        }

        var parser = new Parser(text);
        return parser.Comparison();
    }

    private sealed class Parser(string text)
    {
        private readonly List<string> _sensors = [];
        private int _at;
        private int _depth;

        public SensorExpression Comparison()
        {
            var left = Sum();
            var comparison = TakeComparison() ?? throw Wrong("a comparison was expected: >, >=, < or <=");
            var at = _at;
            var right = Sum();
            if (Peek() != '\0')
            {
                throw Wrong("something is left over");
            }

            if (_sensors.Count != 2)
            {
                throw new FormatException(
                    _sensors.Count < 2 ? "it must name two sensors of the device; for one use a threshold." : "it may name two sensors.");
            }

            var limit = right(double.NaN, double.NaN);
            if (!double.IsFinite(limit))
            {
                throw new FormatException($"at character {at + 1}: on the right stands a number; move the sensors to the left.");
            }

            return new SensorExpression(text, _sensors[0], _sensors[1], left, comparison, limit);
        }

        private Func<double, double, double> Sum()
        {
            if (++_depth > DepthMax)
            {
                throw Wrong("brackets are nested too deep");
            }

            var left = Product();
            while (Peek() is '+' or '-')
            {
                var isSum = text[_at++] == '+';
                var (a, b) = (left, Product());
                left = isSum ? (x, y) => a(x, y) + b(x, y) : (x, y) => a(x, y) - b(x, y);
            }

            _depth--;
            return left;
        }

        private Func<double, double, double> Product()
        {
            var left = Factor();
            while (Peek() is '*' or '/')
            {
                var isProduct = text[_at++] == '*';
                var (a, b) = (left, Factor());
                left = isProduct ? (x, y) => a(x, y) * b(x, y) : (x, y) => a(x, y) / b(x, y);
            }

            return left;
        }

        private Func<double, double, double> Factor()
        {
            var next = Peek();
            if (next == '-')
            {
                _at++;
                if (++_depth > DepthMax)
                {
                    throw Wrong("too many signs in a row");
                }

                var inner = Factor();
                _depth--;
                return (x, y) => -inner(x, y);
            }

            if (next == '(')
            {
                _at++;
                var inner = Sum();
                Expect(')');
                return inner;
            }

            if (next == '\'')
            {
                var end = text.IndexOf('\'', _at + 1);
                if (end <= _at + 1)
                {
                    throw Wrong("a quoted sensor name does not end");
                }

                var name = text[(_at + 1)..end];
                _at = end + 1;
                return Sensor(name);
            }

            return char.IsAsciiDigit(next) || next == '.' ? Number() : Name();
        }

        private Func<double, double, double> Number()
        {
            var start = _at;
            while (_at < text.Length
                && (char.IsAsciiDigit(text[_at]) || text[_at] is '.' or 'e' or 'E' || (text[_at] is '-' or '+' && text[_at - 1] is 'e' or 'E')))
            {
                _at++;
            }

            if (!double.TryParse(text.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
            {
                throw Wrong($"'{text[start.._at]}' is not a number");
            }

            return (_, _) => number;
        }

        private Func<double, double, double> Name()
        {
            var start = _at;
            while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
            {
                _at++;
            }

            if (_at == start)
            {
                throw Wrong("a sensor, a number or a bracket was expected");
            }

            var name = text[start.._at];
            return Peek() == '(' ? Call(name) : Sensor(name);
        }

        private Func<double, double, double> Call(string name)
        {
            Expect('(');
            var a = Sum();
            Func<double, double, double> call;
            switch (name)
            {
                case "abs":
                    call = (x, y) => Math.Abs(a(x, y));
                    break;
                case "min" or "max":
                    Expect(',');
                    var b = Sum();
                    call = name == "min" ? (x, y) => Math.Min(a(x, y), b(x, y)) : (x, y) => Math.Max(a(x, y), b(x, y));
                    break;
                default:
                    throw Wrong($"there is no function '{name}'; there are abs, min and max");
            }

            Expect(')');
            return call;
        }

        private Func<double, double, double> Sensor(string name)
        {
            var index = _sensors.IndexOf(name);
            if (index < 0)
            {
                index = _sensors.Count;
                _sensors.Add(name);
            }

            return index == 0 ? (x, _) => x : (_, y) => y;
        }

        private string? TakeComparison()
        {
            if (Peek() is not ('>' or '<'))
            {
                return null;
            }

            var sign = text[_at++].ToString();
            if (_at < text.Length && text[_at] == '=')
            {
                _at++;
                sign += "=";
            }

            return sign;
        }

        private void Expect(char sign)
        {
            if (Peek() != sign)
            {
                throw Wrong($"'{sign}' was expected");
            }

            _at++;
        }

        private char Peek()
        {
            while (_at < text.Length && text[_at] == ' ')
            {
                _at++;
            }

            return _at < text.Length ? text[_at] : '\0';
        }

        private FormatException Wrong(string what) => new(string.Create(CultureInfo.InvariantCulture, $"at character {_at + 1}: {what}."));
    }
}
