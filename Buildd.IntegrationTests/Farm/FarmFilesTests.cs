using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>The files of a farm: which there are from the start on, and who may read them.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FarmFilesTests : IAsyncDisposable
{
    private readonly FarmProgram _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task A_new_farm_has_its_folders_from_the_start_on_and_no_error_in_its_log()
    {
        await using var run = await _farm.StartAsync();

        Assert.That(Directory.Exists(_farm["state/results/incoming"]));
        Assert.That(Directory.Exists(_farm["state/inputs"]));
        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
        Assert.That(run.Output, Does.Not.Contain("can't be processed").And.Not.Contain("error"));
    }

    [Test]
    public async Task Whatever_the_umask_nobody_else_may_read_anything()
    {
        var dsc = await _farm.PrepareAsync(WithoutUmask);
        await _farm.AddSlaveAsync("bob", backend => backend.Script = async (context, abort) =>
        {
            context.Log.WriteLine("building hello");
            foreach (var path in Directory.GetFiles(UploadLeaf.MakeGood(Path.Combine(context.Directory, "made")).Path))
                await context.AddResultAsync(path, null, abort);
            return new BuildOutcome(BuildStatus.Ok);
        });
        await using var run = _farm.Launch(WithoutUmask);
        await run.SaysAsync(FarmProgram.Ready);
        var built = await ProcessRunner.RunAsync(WithoutUmask(_farm.Command("build", dsc, "--wait")), _ => { });
        Assert.That(built.ExitCode, Is.Zero, run.Output);

        var folder = new DirectoryInfo(_farm["state"]);
        var open = folder.EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Append(folder)
            .Where(file => (file.UnixFileMode & (UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite
                | UnixFileMode.OtherExecute)) != 0);
        Assert.That(open.Select(file => file.FullName), Is.Empty);
        Assert.That(
            UnixFile.Look(Directory.GetFiles(_farm["state/inputs"])[0])!.Value.Mode,
            Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead));
        Assert.That(run.Output, Does.Not.Contain("may read"));
    }

    [Test]
    public async Task A_farm_that_was_open_to_all_is_warned_of()
    {
        await _farm.PrepareAsync();
        File.SetUnixFileMode(_farm["state"], File.GetUnixFileMode(_farm["state"]) | UnixFileMode.OtherExecute);

        await using var run = await _farm.StartAsync();

        await run.SaysAsync($"Every account of this machine may read {_farm["state"]}");
    }

    [Test]
    public async Task What_root_puts_into_the_farm_of_an_account_can_be_used_by_that_account()
    {
        Machine.Require(CurrentUser.IsRoot, "root, to run programs as another account");
        const uint Nobody = 65534;
        UnixFile.Give(Directory.CreateDirectory(_farm["state"]).FullName, Nobody);

        await _farm.PrepareAsync();

        var others = new DirectoryInfo(_farm["state"]).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Where(file => UnixFile.Look(file.FullName)!.Value.Owner != Nobody);
        Assert.That(others.Select(file => file.FullName), Is.Empty);
    }

    private static Command WithoutUmask(Command command) => command.Behind("sh", "-c", "umask 0; exec \"$@\"", "sh");
}
