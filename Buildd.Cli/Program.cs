using Buildd.Cli.Application;
using Buildd.Cli.Commands;
using Buildd.Linux.Startup;

InheritedState.Reset(handlesHangUp: false, keepsMaskOfUnit: true);
StandardOutput.NoticeLostReaders();
return await FarmCommandLine.InvokeAsync(args, ownsProcess: true);
