using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>A build from its start to <c>clean</c>: what is told of it, and what ends it.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuilderTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public void An_idle_builder_tells_its_status_and_version() =>
        Assert.That(Members(), Is.EqualTo(new[] { "builder_status", "builder_version" }));

    [Test]
    public void Without_a_version_none_is_told() =>
        Assert.That(
            (
                (XmlRpcStruct)_slave.Create(_slave.Options with { Version = null, WorkDirectory = _slave.NewWorkDirectory() }).Status()
                    .ToXmlRpc()).Keys,
            Is.EqualTo(new[] { "builder_status" }));

    [Test]
    public async Task A_building_builder_tells_id_and_log_tail_then_what_the_backend_adds()
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        var context = await _slave.StartAsync();
        context.Log.WriteLine("under way");
        context.SetStatusMember("phases", "first");
        context.SetStatusMember("phases", "second");
        context.SetStatusMember("build_id", "a lie");

        Assert.That(Members(), Is.EqualTo(new[] { "builder_status", "builder_version", "build_id", "logtail", "phases" }));
        Assert.That(Encoding.UTF8.GetString(_slave.Builder.Status().LogTail!.Value.Span), Is.EqualTo("under way\n"));
        Assert.That(((XmlRpcString)_slave.Builder.Status().Extra["phases"]).Value, Is.EqualTo("second"));
    }

    [Test]
    public async Task Several_members_take_the_place_of_others_at_once()
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        var context = await _slave.StartAsync();
        context.SetStatusMembers(new XmlRpcStruct { ["a"] = 1, ["b"] = 2, ["phases"] = 3 }, new HashSet<string>());

        context.SetStatusMembers(new XmlRpcStruct { ["b"] = "new", ["c"] = 4 }, new HashSet<string> { "a", "b", "never there" });

        Assert.That(_slave.Builder.Status().Extra.Keys, Is.EqualTo(new[] { "phases", "b", "c" }));
        Assert.That(((XmlRpcString)_slave.Builder.Status().Extra["b"]).Value, Is.EqualTo("new"));
    }

    [Test]
    public async Task An_aborting_builder_tells_no_log_tail()
    {
        var release = await StartAndAbortAsync(BuildStatus.Ok);

        Assert.That(Members(), Is.EqualTo(new[] { "builder_status", "builder_version", "build_id" }));
        release.SetResult();
    }

    [TestCase(BuildStatus.Ok, true)]
    [TestCase(BuildStatus.PackageFail, true)]
    [TestCase(BuildStatus.DepFail, true)]
    [TestCase(BuildStatus.GivenBack, false)]
    [TestCase(BuildStatus.ChrootFail, false)]
    [TestCase(BuildStatus.BuilderFail, false)]
    [TestCase(BuildStatus.Aborted, false)]
    public async Task A_waiting_builder_tells_how_it_ended_and_of_files_where_there_can_be_some(BuildStatus status, bool files)
    {
        await _slave.RunAsync(
            context =>
            {
                context.SetStatusMember("phases", 1);
                return Task.CompletedTask;
            },
            status);

        string[] always = ["builder_status", "builder_version", "build_status", "build_id"];
        Assert.That(Members(), Is.EqualTo((string[])[.. always, .. files ? ["filemap", "dependencies"] : Array.Empty<string>(), "phases"]));
        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(status));
    }

    [Test]
    public async Task Dependencies_are_told_with_the_failure()
    {
        _slave.Backend.Run = (_, _) => Task.FromResult(new BuildOutcome(BuildStatus.DepFail, "libfoo-dev (>= 2)"));

        await _slave.RunAsync();

        Assert.That(_slave.Builder.Status().Dependencies, Is.EqualTo("libfoo-dev (>= 2)"));
    }

    [Test]
    public async Task Results_are_listed_in_the_order_they_came()
    {
        await _slave.RunAsync(async context =>
        {
            await SlaveBench.AddResultAsync(context, "z.changes", "one");
            await SlaveBench.AddResultAsync(context, "a.deb", "two");
            await SlaveBench.AddResultAsync(context, "m.deb", "three");
        });

        Assert.That(_slave.Builder.Status().FileMap, Is.EqualTo(new[]
        {
            KeyValuePair.Create("z.changes", SlaveBench.Sha1Of("one")),
            KeyValuePair.Create("a.deb", SlaveBench.Sha1Of("two")),
            KeyValuePair.Create("m.deb", SlaveBench.Sha1Of("three")),
        }));
        Assert.That(File.ReadAllText(_slave.InCache(SlaveBench.Sha1Of("two"))), Is.EqualTo("two"));
    }

    [Test]
    public async Task A_result_may_have_another_name_than_its_file_but_no_path()
    {
        RefusedException? refused = null;
        await _slave.RunAsync(async context =>
        {
            var path = Path.Combine(context.Directory, "made");
            await File.WriteAllTextAsync(path, "one");
            refused = await Assert.ThrowsAsync<RefusedException>(() => context.AddResultAsync(path, "../x", CancellationToken.None));
            await context.AddResultAsync(path, "called", CancellationToken.None);
        });

        Assert.That(refused, Is.Not.Null);
        Assert.That(_slave.Builder.Status().FileMap!.Keys, Is.EqualTo(new[] { "called" }));
    }

    [Test]
    public async Task The_build_folder_is_gone_when_the_build_has_ended()
    {
        await _slave.RunAsync(context => File.WriteAllTextAsync(Path.Combine(context.Directory, "left"), ""));

        Assert.That(Directory.Exists(_slave.BuildFolder), Is.False);
        Assert.That(File.Exists(_slave.InCache(SlaveBench.Sha1Of("dsc"))), "the link was removed, not what it leads to");
    }

    [Test]
    public async Task A_backend_that_throws_is_a_failure_of_the_builder_with_the_reason_in_the_log()
    {
        _slave.Backend.Run = (_, _) => throw new InvalidOperationException("the wheels came off");

        await _slave.RunAsync();

        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(_slave.LogText, Does.Contain("InvalidOperationException: the wheels came off\n"));
        Assert.That(_slave.Logger.Entries.Select(entry => entry.Level), Has.Some.EqualTo(LogLevel.Error));
        Assert.That(Directory.Exists(_slave.BuildFolder), Is.False);
    }

    [TestCase(BuildStatus.Ok, BuildStatus.Aborted)]
    [TestCase(BuildStatus.PackageFail, BuildStatus.Aborted)]
    [TestCase(BuildStatus.BuilderFail, BuildStatus.BuilderFail)]
    public async Task An_aborted_build_ends_aborted_unless_the_builder_itself_failed(BuildStatus outcome, BuildStatus told)
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(outcome));
        await _slave.StartAsync();
        var ended = _slave.Logger.NextAsync(" ended: ");

        Assert.That(_slave.Builder.Abort().Status, Is.EqualTo(BuilderStatus.Aborting));

        await ended.WaitAsync(SlaveBench.Deadline);
        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Waiting));
        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(told));
    }

    [Test]
    public async Task A_second_abort_is_answered_like_the_first_and_noted_in_the_log()
    {
        var release = await StartAndAbortAsync(BuildStatus.Ok);

        Assert.That(_slave.Builder.Abort().Status, Is.EqualTo(BuilderStatus.Aborting));
        Assert.That(_slave.LogText, Is.EqualTo("Builder already ABORTING when asked to abort\n"));
        release.SetResult();
    }

    [Test]
    public async Task An_abort_with_nothing_to_abort_is_refused()
    {
        Assert.That(() => _slave.Builder.Abort(), Throws.TypeOf<RefusedException>());

        await _slave.RunAsync();

        Assert.That(() => _slave.Builder.Abort(), Throws.TypeOf<RefusedException>());
        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.Ok));
    }

    [Test]
    public async Task Clean_while_building_is_refused_and_removes_nothing()
    {
        Assert.That(() => _slave.Builder.Clean(), Throws.TypeOf<RefusedException>(), "idle");
        var added = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Backend.Run = async (context, _) =>
        {
            await SlaveBench.AddResultAsync(context, "a.deb", "one");
            added.SetResult();
            await release.Task;
            return new BuildOutcome(BuildStatus.Ok);
        };
        _slave.Builder.Start(_slave.Call());
        await added.Task.WaitAsync(SlaveBench.Deadline);

        Assert.That(() => _slave.Builder.Clean(), Throws.TypeOf<RefusedException>(), "building");
        _slave.Builder.Abort();
        Assert.That(() => _slave.Builder.Clean(), Throws.TypeOf<RefusedException>(), "aborting");

        Assert.That(File.Exists(_slave.InCache(SlaveBench.Sha1Of("one"))));
        Assert.That(File.Exists(_slave.LogPath));
        release.SetResult();
    }

    [Test]
    public async Task Clean_removes_the_results_and_the_log_and_not_what_was_there_before()
    {
        var before = _slave.Add("there before");
        await _slave.RunAsync(async context =>
        {
            await SlaveBench.AddResultAsync(context, "new.deb", "new");
            await SlaveBench.AddResultAsync(context, "old.deb", "there before");
            await SlaveBench.AddResultAsync(context, "copy-of-input", "dsc");
        });

        Assert.That(_slave.Builder.Clean().Status, Is.EqualTo(BuilderStatus.Idle));

        Assert.That(
            Directory.GetFiles(_slave.Options.FileCacheDirectory).Select(Path.GetFileName),
            Is.EquivalentTo(new[] { before, SlaveBench.Sha1Of("dsc"), SlaveBench.Sha1Of("chroot") }));
        Assert.That(Members(), Is.EqualTo(new[] { "builder_status", "builder_version" }));
    }

    [Test]
    public async Task Clean_does_not_mind_that_files_have_vanished()
    {
        await _slave.RunAsync(context => SlaveBench.AddResultAsync(context, "new.deb", "new"));
        File.Delete(_slave.InCache(SlaveBench.Sha1Of("new")));
        File.Delete(_slave.LogPath);

        Assert.That(_slave.Builder.Clean().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task After_clean_the_next_build_begins_afresh()
    {
        await _slave.RunAsync(async context =>
        {
            context.SetStatusMember("phases", 1);
            await SlaveBench.AddResultAsync(context, "new.deb", "new");
        });
        _slave.Builder.Clean();

        await _slave.RunAsync(_ => Task.CompletedTask);

        Assert.That(_slave.Builder.Status().FileMap, Is.Empty);
        Assert.That(_slave.Builder.Status().Extra, Is.Empty);
    }

    [Test]
    public async Task Stopping_ends_a_build_that_runs_and_takes_no_other()
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        await _slave.StartAsync();

        await _slave.Builder.StopAsync().WaitAsync(SlaveBench.Deadline);

        // The master did not ask for it: the build is to be tried again, elsewhere.
        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(_slave.LogText, Does.Contain("is being stopped"));
        Assert.That(Directory.Exists(_slave.BuildFolder), Is.False);
        _slave.Builder.Clean();
        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.TypeOf<RefusedException>().With.Message.Contains("stopping"));
    }

    [Test]
    public async Task Stopping_an_idle_builder_ends_at_once()
    {
        await _slave.Builder.StopAsync().WaitAsync(SlaveBench.Deadline);

        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task Stopping_does_not_wait_for_ever()
    {
        var builder =
            _slave.Create(_slave.Options with { StopDeadline = TimeSpan.FromMilliseconds(1), WorkDirectory = _slave.NewWorkDirectory() });
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Backend.Run = async (_, _) =>
        {
            await release.Task;
            return new BuildOutcome(BuildStatus.Ok);
        };
        builder.Start(_slave.Call());
        await _slave.Backend.Started.WaitAsync(SlaveBench.Deadline);
        var ended = _slave.Logger.NextAsync(" ended: ");

        await builder.StopAsync().WaitAsync(SlaveBench.Deadline);

        Assert.That(builder.Status().Status, Is.EqualTo(BuilderStatus.Aborting));
        Assert.That(_slave.Logger.Entries.Select(entry => entry.Message), Has.Some.Contains("did not end within"));
        release.SetResult();
        await ended.WaitAsync(SlaveBench.Deadline);
    }

    [Test]
    public async Task Stopping_at_the_moment_a_build_ends_is_no_abort()
    {
        Task? stop = null;
        _slave.Logger.OnMessage = message =>
        {
            if (message.Contains(" ended: ", StringComparison.Ordinal))
                stop = _slave.Builder.StopAsync();
        };

        await _slave.RunAsync(_ => Task.CompletedTask);

        await stop!.WaitAsync(SlaveBench.Deadline);
        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.Ok));
    }

    /// <summary>A build that was aborted and has not ended; it ends when the source that is returned is set.</summary>
    private async Task<TaskCompletionSource> StartAndAbortAsync(BuildStatus outcome)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Backend.Run = async (_, _) =>
        {
            await release.Task;
            return new BuildOutcome(outcome);
        };
        await _slave.StartAsync();
        _slave.Builder.Abort();
        return release;
    }

    private IEnumerable<string> Members() => ((XmlRpcStruct)_slave.Builder.Status().ToXmlRpc()).Keys;
}
