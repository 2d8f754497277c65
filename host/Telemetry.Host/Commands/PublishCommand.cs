using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Host.Composition;
using Telemetry.Host.Readings;

namespace Telemetry.Host.Commands;

/// <summary>Sends one reading as a device would.</summary>
internal static class PublishCommand
{
    private const int Refused = 1;

    public static Command Create()
    {
        var device = new Argument<string>("device") { Description = "Device id." };
        var sensor = new Argument<string>("sensor") { Description = "Sensor name." };
        var value = new Argument<string>("value") { Description = "A number, true, false, NaN, Infinity or -Infinity." };
        var time = new Option<string>("--time") { Description = "When it was measured: 2026-11-21T08:00:00Z, or 5m for that long ago (default now).", DefaultValueFactory = _ => "now" };
        var quality = new Option<string>("--quality") { Description = "good (default), uncertain or bad.", DefaultValueFactory = _ => "good" };
        quality.AcceptOnlyFromAmong("good", "uncertain", "bad");
        var broker = new Option<string?>("--broker") { Description = "MQTT broker, HOST:PORT (default: the instance that runs over --data)." };
        var user = new Option<string?>("--user") { Description = "User name, where the broker wants one (default: none)." };
        var password = new Option<string?>("--password-file") { Description = "File whose first line is the password; - for standard input. Without it you are asked." };
        var patience = new Option<string>("--timeout") { Description = "Longest wait for the acknowledgement (default 10s).", DefaultValueFactory = _ => "10s" };
        var shared = new SharedOptions();
        var command = new Command(
            "publish", "Sends one reading over MQTT as a device would, and says when it was acknowledged: it is on disk then. Ends with code 1 when it was refused.")
        {
            device, sensor, value, time, quality, broker, user, password, patience,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var address = result.GetValue(broker) is { } given ? HostPort(given) : InstanceFile.FindMqtt(shared.Load(result));
            var reading = new ReadingToSend(
                result.GetValue(device)!, result.GetValue(sensor)!, Number(result.GetValue(value)!),
                TimeText.Parse(result.GetValue(time)!, DateTimeOffset.UtcNow), result.GetValue(quality)!);
            var credentials = result.GetValue(user) is { } name ? (name, PasswordSource.Read(result.GetValue(password), name)) : ((string, byte[])?)null;
            var answer = await ReadingPublisher.PublishAsync(address, credentials, reading, DurationText.Parse(result.GetValue(patience)!), cancellationToken);
            var output = result.InvocationConfiguration.Output;
            if (!answer.IsTaken)
            {
                await Console.Error.WriteLineAsync($"Refused: {answer.Reason}");
                return Refused;
            }

            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"Acknowledged after {answer.Took.TotalMilliseconds:F1} ms: {reading.Device} {reading.Sensor} = {JsonSerializer.Serialize(reading.Value, ReadingToSend.Json)} at {reading.Time:yyyy-MM-ddTHH:mm:ss.fffZ} is on disk.{(answer.Reason.Length > 0 ? " " + answer.Reason : "")}"));
            return 0;
        });
        return command;
    }

    /// <exception cref="FormatException">Not a value of a reading.</exception>
    private static double Number(string text) => text switch
    {
        "true" => 1,
        "false" => 0,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && (double.IsFinite(number) || !char.IsAsciiDigit(text[^1])) => number,
        _ => throw new FormatException($"\"{text}\" is no value: give a number with a point (21.5), true, false, NaN, Infinity or -Infinity."),
    };

    /// <exception cref="FormatException">Not host:port.</exception>
    private static (string Host, int Port) HostPort(string text)
    {
        var simulator = SimulateCommand.WithBroker(new Simulator.Options.SimulatorOptions(), text);
        return (simulator.Host, simulator.Port);
    }
}
