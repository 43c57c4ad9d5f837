using System.CommandLine;
using Buildd.Demo;

return await new RootCommand(
    "buildd-demo: a slave and a farm for the time of one build, on this machine. 'make demo' and 'make demo-image' run it.")
{
    DemoCommand.Create(),
    ImageDemoCommand.Create(),
}.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
