using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Security;

/// <summary>Files that the security settings name.</summary>
internal static class SecurityFiles
{
    /// <summary>All are there and can be read; what is in them is never shown.</summary>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.AccessDenied"/>, naming setting and file.</exception>
    public static void Check(KafkaOptions options)
    {
        Check(nameof(options.SslCaFile), options.SslCaFile);
        Check(nameof(options.SslCertificateFile), options.SslCertificateFile);
        Check(nameof(options.SslKeyFile), options.SslKeyFile);
        Check(nameof(options.SslKeyPasswordFile), options.SslKeyPasswordFile);
        Check(nameof(options.SaslPasswordFile), options.SaslPasswordFile);
    }

    private static void Check(string setting, string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return;
        }

        try
        {
            using var file = File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecordLogException(RecordLogError.AccessDenied, $"The file of Kafka:{setting} cannot be read: {e.Message}", e);
        }
    }
}
