using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Lifecycle;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>Builds that do not end when they are aborted, and folders that do not go when they have ended.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class StuckBuildTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();
    private readonly TaskCompletionSource<BuildOutcome> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        _end.TrySetResult(new BuildOutcome(BuildStatus.Ok));
        await _slave.DisposeAsync();
    }

    [Test]
    public async Task An_aborted_build_that_does_not_end_is_told_of_and_its_processes_are_killed()
    {
        _slave.Options.AbortDeadline = TimeSpan.FromMilliseconds(200);
        _slave.Backend.Run = (_, _) => _end.Task;
        var context = await _slave.StartAsync();
        var sleeping = ProcessRunner.RunAsync(Command.Of("sleep", "1000") with { WorkingDirectory = context.Directory }, _ => { });

        _slave.Builder.Abort();
        await _slave.Builder.Stuck.WaitAsync(SlaveBench.Deadline);

        Assert.That((await sleeping).Succeeded, Is.False, "killed");
        Assert.That(
            _slave.Logger.Lines, Has.Some.Contains("what runs in its folder is killed")
                .And.Some.Contains("does not end: this slave can take no build any more"));
        Assert.That(_slave.Builder.Clean, Throws.TypeOf<RefusedException>(), "the build may still go on");
    }

    [Test]
    public async Task One_that_ends_once_its_processes_are_killed_is_not_stuck()
    {
        _slave.Options.AbortDeadline = TimeSpan.FromSeconds(1);
        _slave.Backend.Run = async (context, _) =>
        {
            var sleep = Command.Of("sleep", "1000") with { WorkingDirectory = context.Directory };
            await ProcessRunner.RunAsync(sleep, _ => { }, cancellationToken: CancellationToken.None);
            return new BuildOutcome(BuildStatus.Ok);
        };
        await _slave.StartAsync();
        var ended = _slave.Logger.NextAsync(" ended: ");

        _slave.Builder.Abort();
        await ended.WaitAsync(SlaveBench.Deadline);

        Assert.That(_slave.Builder.Clean().Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(_slave.Builder.Stuck.IsCompleted, Is.False);
    }

    [Test]
    public async Task Stopping_waits_for_a_build_once_however_often_it_is_asked_to()
    {
        _slave.Options.StopDeadline = TimeSpan.FromMilliseconds(100);
        _slave.Backend.Run = (_, _) => _end.Task;
        await _slave.StartAsync();

        await _slave.Builder.StopAsync();
        await _slave.Builder.StopAsync();

        Assert.That(_slave.Logger.Lines.Count(line => line.Contains("did not end within", StringComparison.Ordinal)), Is.EqualTo(1));
        var ended = _slave.Logger.NextAsync(" ended: ");
        _end.TrySetResult(new BuildOutcome(BuildStatus.Ok)); // nobody waits for it any more, and it is not to write when all is removed
        await ended.WaitAsync(SlaveBench.Deadline);
    }

    [Test]
    public async Task What_an_earlier_slave_left_that_can_not_be_ended_does_not_hold_up_the_next_for_ever()
    {
        var backend = new ScriptedBackend("binarypackage") { EndLeft = _ => _end.Task };
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        var context = await _slave.StartAsync();

        var outcome = await new LeftoverBuild(backend, "umount", TimeSpan.FromMilliseconds(100)).RunAsync(context, CancellationToken.None);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(_slave.LogText, Does.Contain("could not be ended within"));
    }

    [Test]
    public async Task A_folder_that_can_not_be_removed_is_in_nobodys_way_and_goes_later()
    {
        Machine.Require(CurrentUser.IsRoot, "root, for a mount");
        await _slave.RunAsync(context =>
        {
            Mounts.Mount("tmpfs", Directory.CreateDirectory(Path.Combine(context.Directory, "busy")).FullName, "");
            return Task.CompletedTask;
        });
        var left = Directory.GetDirectories(_slave.Options.WorkDirectory, "build-left-*").Single();
        try
        {
            Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
            Assert.That(_slave.Logger.Lines, Has.Some.Contains($"could not be removed. It is {left} now"));
            Assert.That(_slave.LogText, Does.Contain($"It is '{left}' now"));
            _slave.Builder.Clean();
            await _slave.RunAsync(_ => Task.CompletedTask);
            Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.Ok), "another build of the same id");

            await _slave.Builder.RemoveLeftFoldersAsync(SlaveBench.Deadline);
            Assert.That(_slave.Logger.Lines, Has.Some.Contains($"{left}, which a build had left, could not be removed"));
            Assert.That(Directory.Exists(left));
        }
        finally
        {
            Mounts.TryUnmount(Path.Combine(left, "busy"));
        }

        List<LeftBuild> ended = [];
        _slave.Backend.EndLeft = build =>
        {
            ended.Add(build);
            return Task.CompletedTask;
        };
        await _slave.Builder.RemoveLeftFoldersAsync(SlaveBench.Deadline);

        Assert.That(
            ended.Select(build => (build.Directory, "build-" + build.BuildId)), Is.EqualTo(new[] { (left, Path.GetFileName(left)) }));
        Assert.That(Directory.GetDirectories(_slave.Options.WorkDirectory), Is.Empty);
    }

    [Test]
    public async Task Folders_of_other_builds_are_left_alone()
    {
        string[] others = ["build-PACKAGEBUILD-9", "build-left-over", "build-left-", "left-0123456789abcdef0123456789abcdef"];
        foreach (var name in others)
            Directory.CreateDirectory(Path.Combine(_slave.Options.WorkDirectory, name));

        await _slave.Builder.RemoveLeftFoldersAsync(SlaveBench.Deadline);

        Assert.That(Directory.GetDirectories(_slave.Options.WorkDirectory).Select(Path.GetFileName), Is.EquivalentTo(others));
    }
}
