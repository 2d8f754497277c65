using Telemetry.Contracts.Secrets;

namespace Telemetry.Tests.Contracts;

public sealed class SecretFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-secrets-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("s3cret", "s3cret")]
    [InlineData("s3cret\n", "s3cret")]
    [InlineData("s3cret\r\n", "s3cret")]
    [InlineData(" blanks are part of it \n", " blanks are part of it ")]
    [InlineData("two\nlines\n", "two\nlines")]
    [InlineData("", "")]
    public void Secret_is_the_text_without_the_break_at_its_end(string text, string secret)
    {
        var file = Path.Combine(_directory, "secret");
        File.WriteAllText(file, text);

        SecretFile.Read(file, "Kafka:SaslPasswordFile").ShouldBe(secret);
    }

    [Fact]
    public void Missing_file_is_an_error_that_names_file_and_setting()
    {
        var file = Path.Combine(_directory, "absent");

        var error = Should.Throw<IOException>(() => SecretFile.Read(file, "Kafka:SaslPasswordFile"));

        error.Message.ShouldContain(file);
        error.Message.ShouldContain("Kafka:SaslPasswordFile");
    }

    [Fact]
    public void Folder_is_an_error_that_names_the_setting() =>
        Should.Throw<IOException>(() => SecretFile.Read(_directory, "ClickHouse:PasswordFile")).Message.ShouldContain("ClickHouse:PasswordFile");
}
