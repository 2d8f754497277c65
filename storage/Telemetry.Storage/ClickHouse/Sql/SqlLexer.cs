namespace Telemetry.Storage.ClickHouse.Sql;

/// <summary>
/// Cuts ClickHouse's SQL into tokens, just far enough to know what stands in strings and comments and what does not.
/// Text that never ends is one token up to the end; the engine's parser says what is wrong with it.
/// Source: src/Parsers/Lexer.cpp of ClickHouse.
/// </summary>
public ref struct SqlLexer(ReadOnlySpan<byte> sql)
{
    private readonly ReadOnlySpan<byte> _sql = sql;
    private int _at;
    private int _depth;

    public SqlToken Current { get; private set; }

    public bool MoveNext()
    {
        SkipBlanks();
        if (_at >= _sql.Length)
        {
            return false;
        }

        var start = _at;
        var first = _sql[start];
        var depth = _depth;
        SqlTokenKind kind;
        if (first == '\'')
        {
            kind = SqlTokenKind.Text;
            SkipQuoted((byte)'\'');
        }
        else if (first is (byte)'`' or (byte)'"')
        {
            kind = SqlTokenKind.QuotedIdentifier;
            SkipQuoted(first);
        }
        else if (first == '$' && HeredocTag() is { } tag)
        {
            kind = SqlTokenKind.Text;
            var end = _sql[(start + tag)..].IndexOf(_sql.Slice(start, tag));
            _at = end < 0 ? _sql.Length : start + tag + end + tag;
        }
        else if (char.IsAsciiDigit((char)first))
        {
            kind = SqlTokenKind.Number;
            SkipWhile(IsNumberPart);
        }
        else if (IsWordPart(first))
        {
            kind = SqlTokenKind.Word;
            SkipWhile(IsWordPart);
        }
        else
        {
            kind = SqlTokenKind.Punctuation;
            depth = Bracket(first);
            _at++;
        }

        Current = new SqlToken(kind, start, _at, depth);
        return true;
    }

    /// <summary>The depth of a bracket is that outside of it.</summary>
    private int Bracket(byte mark)
    {
        switch (mark)
        {
            case (byte)'(' or (byte)'[' or (byte)'{':
                return _depth++;
            case (byte)')' or (byte)']' or (byte)'}':
                _depth = Math.Max(0, _depth - 1);
                return _depth;
            default:
                return _depth;
        }
    }

    private void SkipBlanks()
    {
        while (_at < _sql.Length)
        {
            var rest = _sql[_at..];
            if (rest[0] <= ' ')
            {
                _at++;
            }
            else if (rest.StartsWith("--"u8) || rest.StartsWith("#!"u8) || rest.StartsWith("# "u8))
            {
                SkipPast("\n"u8);
            }
            else if (rest.StartsWith("/*"u8))
            {
                _at += 2;
                SkipPast("*/"u8);
            }
            else
            {
                return;
            }
        }
    }

    private void SkipPast(ReadOnlySpan<byte> end)
    {
        var at = _sql[_at..].IndexOf(end);
        _at = at < 0 ? _sql.Length : _at + at + end.Length;
    }

    private void SkipQuoted(byte quote)
    {
        _at++;
        while (_at < _sql.Length)
        {
            if (_sql[_at] == '\\')
            {
                _at += 2;
                continue;
            }

            if (_sql[_at++] == quote)
            {
                if (_at >= _sql.Length || _sql[_at] != quote)
                {
                    return;
                }

                _at++;
            }
        }

        _at = _sql.Length;
    }

    private readonly int? HeredocTag()
    {
        var end = _sql[(_at + 1)..].IndexOf((byte)'$');
        if (end < 0)
        {
            return null;
        }

        foreach (var part in _sql.Slice(_at + 1, end))
        {
            if (!IsWordPart(part))
            {
                return null;
            }
        }

        return end + 2;
    }

    private void SkipWhile(Func<byte, bool> part)
    {
        while (_at < _sql.Length && part(_sql[_at]))
        {
            _at++;
        }
    }

    private static bool IsWordPart(byte value) => char.IsAsciiLetterOrDigit((char)value) || value is (byte)'_' || value >= 0x80;

    private static bool IsNumberPart(byte value) => IsWordPart(value) || value == '.';
}
