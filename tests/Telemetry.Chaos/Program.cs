using Telemetry.Chaos;

return await ChaosCommand.RunAsync(args);
