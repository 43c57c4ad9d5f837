using Buildd.Cli.Application;
using Buildd.Cli.Commands;

StandardOutput.NoticeLostReaders();
return await FarmCommandLine.InvokeAsync(args, ownsProcess: true);
