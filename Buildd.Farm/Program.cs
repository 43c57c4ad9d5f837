using System.CommandLine;
using Buildd.Farm.Demo;

var root = new RootCommand("buildd-farm: a farm of builders for Debian packages.") { DemoCommand.Create(), ImageDemoCommand.Create(), ChrootCommand.Create(), SourceCommand.Create() };
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
