using System.CommandLine;
using Buildd.Farm.Demo;
using Buildd.Farm.Uploads;

var root = new RootCommand("buildd-farm: a farm of builders for Debian packages.")
{
    DemoCommand.Create(),
    ChrootCommand.Create(),
    SourceCommand.Create(),
    ProcessUploadCommand.Create(),
    ProcessUploadCommand.CreateRetry(),
};
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
