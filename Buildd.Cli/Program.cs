using Buildd.Cli.Commands;

return await FarmCommandLine.InvokeAsync(args);
