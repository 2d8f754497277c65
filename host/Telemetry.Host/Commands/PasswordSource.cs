using System.Text;

namespace Telemetry.Host.Commands;

/// <summary>Where a command gets a password from: never from its own arguments, which every process of the machine can read.</summary>
internal static class PasswordSource
{
    /// <summary>Longest password in bytes; MQTT has an end at 65,535.</summary>
    private const int BytesMax = 1024;

    /// <param name="file">File, <c>-</c> for standard input, null to ask.</param>
    /// <param name="user">Whose password it is.</param>
    /// <exception cref="FormatException">There is none, or one that cannot be used.</exception>
    public static byte[] Read(string? file, string user)
    {
        var password = file switch
        {
            null when !Console.IsInputRedirected => Ask(user),
            null or "-" => Console.In.ReadLine() ?? "",
            _ => File.ReadLines(file).FirstOrDefault() ?? "",
        };
        var bytes = Encoding.UTF8.GetBytes(password);
        return bytes.Length switch
        {
            0 => throw new FormatException("The password is empty. Give one: it is the first line of --password-file or of standard input."),
            > BytesMax => throw new FormatException($"The password has {bytes.Length} bytes; at most {BytesMax} are taken."),
            _ => bytes,
        };
    }

    private static string Ask(string user)
    {
        var first = AskOnce($"Password of '{user}': ");
        return first == AskOnce("Once more: ") ? first : throw new FormatException("The two passwords differ. Nothing was changed.");
    }

    private static string AskOnce(string prompt)
    {
        Console.Error.Write(prompt);
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                text.Length = Math.Max(0, text.Length - 1);
            }
            else if (key.KeyChar != '\0')
            {
                text.Append(key.KeyChar);
            }
        }

        Console.Error.WriteLine();
        return text.ToString();
    }
}
