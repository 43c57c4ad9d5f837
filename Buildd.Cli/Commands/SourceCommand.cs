using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Chroots;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm source</c>: a source package from this machine's mirror, for driving a slave by hand.</summary>
internal static class SourceCommand
{
    internal static Command Create()
    {
        var package = new Argument<string>("package") { Description = "The source package." };
        var output =
            new Option<string>("--output") { Description = "Where its files go.", HelpName = "DIR", DefaultValueFactory = _ => "." };
        var command = new Command(
            "source", "Fetch a source package of this machine's Debian release from its mirror, without touching apt's own state.")
        {
            package, output,
        };
        command.SetAction(parsed => Interruptible.RunAsync("source", async stop =>
        {
            var target = Directory.CreateDirectory(parsed.GetValue(output)!).FullName;
            await using var folder = await WorkFolder.CreateAsync(Path.GetTempPath(), stop);
            var source = await SourcePackage.FetchAsync(await HostRelease.DetectAsync(stop), parsed.GetValue(package)!, folder.Path, stop);
            foreach (var file in source.Files)
            {
                File.Move(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
                Console.WriteLine(Path.GetFileName(file));
            }

            return 0;
        }));
        return command;
    }
}
