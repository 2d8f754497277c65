namespace Telemetry.Contracts.Secrets;

/// <summary>A password or token kept in a file of its own, as Docker and Kubernetes hand secrets over.</summary>
public static class SecretFile
{
    /// <summary>The file's text without the line break an editor leaves at its end.</summary>
    /// <param name="file">Path of the file.</param>
    /// <param name="setting">Full name of the setting that names it, for the error.</param>
    /// <exception cref="IOException">The file cannot be read; says which file, which setting and why.</exception>
    public static string Read(string file, string setting)
    {
        try
        {
            return File.ReadAllText(file).TrimEnd('\r', '\n');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The secret in '{file}' ({setting}) cannot be read: {error.Message}", error);
        }
    }
}
