using Telemetry.Host.Commands;

return await CommandLine.RunAsync(args);
