using Buildd.Farm.Commands;

return await FarmCommandLine.InvokeAsync(args);
