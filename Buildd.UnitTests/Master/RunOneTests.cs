using Buildd.Master;
using Buildd.Master.Builds;
using Buildd.Master.Dispatch;
using Buildd.Master.Jobs;
using Buildd.Master.Logs;
using Buildd.Protocol;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.UnitTests.Master.Scenarios;
using Microsoft.AspNetCore.Http;
using static Buildd.UnitTests.Master.Replies;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

/// <summary>One build on one slave: <see cref="BuildMaster.RunOneAsync"/>. The rules of every farm are tested elsewhere.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RunOneTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly HttpClient _http = new();
    private readonly List<MasterEvent> _events = [];
    private SocketSlave _slave = null!;

    [SetUp]
    public async Task StartAsync() => _slave = await SocketSlave.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_slave is not null)
            await _slave.DisposeAsync();
        _http.Dispose();
        _cancel.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task A_good_build_is_dispatched_watched_fetched_and_its_slave_cleaned()
    {
        _slave.OnBuild = _ => EndWithPackages();

        var finished = await RunAsync(Job("hello.dsc"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(finished.Succeeded, Is.True, string.Join('\n', finished.Findings));
            Assert.That((finished.Build.State, finished.Build.Cookie.ToString()), Is.EqualTo((BuildState.Uploading, Cookie)));
            Assert.That(finished.IsSlaveClean, Is.True);
            Assert.That(finished.Build.Files.Select(file => file.Name), Is.EquivalentTo([
                UploadLeaf.DebName, UploadLeaf.BuildInfoName, UploadLeaf.ChangesName,
            ]));
            Assert.That(finished.Folder, Is.EqualTo(_folder[$"incoming/{finished.Build.Leaf}/1/debian"]));
            Assert.That(Directory.GetFiles(finished.Folder!), Has.Length.EqualTo(3));
            Assert.That(LogOf(finished), Is.EqualTo("the log"));
            Assert.That(_slave.Deeds.Where(deed => !deed.StartsWith("GET", StringComparison.Ordinal)), Is.EqualTo([
                $"ensurepresent {Sha1Of("chroot.tar.gz")}", $"ensurepresent {Sha1Of("hello.dsc")}", $"build {Cookie}", "clean",
            ]));
            Assert.That(_slave.Status.Status, Is.EqualTo(BuilderStatus.Idle));
        }
    }

    [Test]
    public async Task An_observer_receives_what_a_farm_s_listener_does_and_everything_before_the_end()
    {
        _slave.OnBuild = _ => EndWithPackages();

        await RunAsync(Job("hello.dsc"));

        Assert.That(_events.OfType<BuildChanged>().Select(changed => changed.Build.State), Is.EqualTo([
            BuildState.Building, BuildState.Gathering, BuildState.Uploading,
        ]));
        Assert.That(_events, Has.Exactly(1).InstanceOf<BuildDispatched>());
        Assert.That(_events, Has.Exactly(1).InstanceOf<BuildFinished>());
        Assert.That(_events[^1], Is.InstanceOf<BuilderChanged>());
    }

    [TestCase(BuildStatus.PackageFail, BuildState.FailedToBuild, null)]
    [TestCase(BuildStatus.ChrootFail, BuildState.ChrootWait, null)]
    [TestCase(BuildStatus.BuilderFail, BuildState.NeedsBuild, "ended as BuilderFail")]
    [TestCase(BuildStatus.GivenBack, BuildState.NeedsBuild, "gave it back")]
    public async Task Of_a_build_that_failed_the_log_alone_is_kept_and_it_is_not_tried_again(
        BuildStatus status, BuildState state, string? reason)
    {
        _slave.OnBuild = _ =>
        {
            _slave.Log("the log");
            _slave.End(status, ("part.deb", "a part"));
        };

        var finished = await RunAsync();

        Assert.That((finished.Build.State, finished.Succeeded, finished.IsSlaveClean), Is.EqualTo((state, false, true)));
        Assert.That(finished.Folder, Is.Null);
        Assert.That(finished.Build.Reason, reason is null ? Is.Null : Does.Contain(reason));
        Assert.That(finished.Build.Files, Is.Empty);
        Assert.That(LogOf(finished), Is.EqualTo("the log"));
        Assert.That(_slave.CountStarting("build "), Is.EqualTo(1));
    }

    [Test]
    public async Task Missing_dependencies_are_in_the_build()
    {
        _slave.OnBuild = _ => _slave.End(BuildStatus.DepFail);

        var build = (await RunAsync()).Build;

        Assert.That((build.State, build.Dependencies), Is.EqualTo((BuildState.ManualDepWait, "libmissing-dev")));
    }

    [Test]
    public async Task Results_that_are_not_what_their_changes_says_are_no_success()
    {
        _slave.OnBuild = _ => EndWithPackages(leaf => File.Delete(leaf[UploadLeaf.BuildInfoName]));

        var finished = await RunAsync();

        Assert.That((finished.Build.State, finished.Succeeded), Is.EqualTo((BuildState.Uploading, false)));
        Assert.That(finished.Findings.Single().Text, Is.EqualTo($"\"{UploadLeaf.BuildInfoName}\" is listed and isn't there."));
    }

    [Test]
    public async Task Builds_that_make_no_packages_need_no_changes()
    {
        _slave.OnBuild = _ => _slave.End(BuildStatus.Ok, ("livecd.img", "img"));

        Assert.That((await RunAsync(Job() with { BuilderTag = "livefs" })).Succeeded, Is.True);
    }

    [Test]
    public async Task A_build_that_the_slave_has_lost_may_be_tried_again_and_is_not_by_itself()
    {
        _slave.OnBuild = _ => _slave.Forget();

        var finished = await RunAsync();

        Assert.That((finished.Build.State, finished.IsSlaveClean), Is.EqualTo((BuildState.NeedsBuild, true)));
        Assert.That(finished.Build.Reason, Does.EndWith("forgot about it"));
        Assert.That(_slave.CountStarting("build "), Is.EqualTo(1));
    }

    [Test]
    public async Task A_slave_that_dies_ends_the_run()
    {
        _slave.OnBuild = _ => _slave.Log("the log");

        var finished = await RunAsync(observe: async happened =>
        {
            if (happened is BuildLogGrew)
                await _slave.DieAsync();
        });

        Assert.That((finished.Build.State, finished.IsSlaveClean), Is.EqualTo((BuildState.NeedsBuild, false)));
        Assert.That(LogOf(finished), Is.EqualTo("the log"), "what has come of it");
    }

    [Test]
    public async Task A_slave_that_can_not_build_it_ends_the_run_with_its_words()
    {
        _slave.OnBuildCall = _ => new BuildReply(BuildAnswer.UnknownBuilder, "not in ['livefs']");

        var finished = await RunAsync();

        Assert.That((finished.Build.State, finished.LogPath), Is.EqualTo((BuildState.NeedsBuild, (string?)null)));
        Assert.That(finished.Build.Reason, Does.Contain("can't build a binarypackage"));
    }

    [Test]
    public async Task A_slave_that_can_not_be_cleaned_does_not_spoil_the_results()
    {
        _slave.OnBuild = _ => EndWithPackages();
        _slave.Instead = (call, http) =>
        {
            if (call == "clean")
                http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.FromResult(call == "clean");
        };

        var finished = await RunAsync();

        Assert.That((finished.Succeeded, finished.IsSlaveClean), Is.EqualTo((true, false)));
    }

    [Test]
    public async Task When_the_answer_to_clean_is_lost_the_slave_is_asked_before_it_is_repeated()
    {
        _slave.OnBuild = _ => EndWithPackages();
        _slave.Instead = (call, http) =>
        {
            if (call != "clean")
                return Task.FromResult(false);
            _slave.Forget();
            http.Abort();
            return Task.FromResult(true);
        };

        var finished = await RunAsync(change: options => options with { ScansPerFailure = 5 });

        Assert.That((finished.Succeeded, finished.IsSlaveClean, _slave.Count("clean")), Is.EqualTo((true, true, 1)));
    }

    [Test]
    public async Task Cancelled_while_it_builds_it_is_aborted_its_log_kept_and_the_slave_cleaned()
    {
        _slave.OnBuild = _ => _slave.Log("the log");

        var finished = await RunAsync(observe: async happened =>
        {
            if (happened is BuildLogGrew)
                await _cancel.CancelAsync();
        });

        Assert.That((finished.Build.State, finished.Succeeded, finished.IsSlaveClean), Is.EqualTo((BuildState.Cancelled, false, true)));
        Assert.That(_slave.Deeds.TakeLast(2), Is.EqualTo(["abort", "clean"]));
        Assert.That(LogOf(finished), Is.EqualTo("the log"));
    }

    [Test]
    public async Task A_slave_that_does_not_stop_ends_the_run_after_the_time_it_has()
    {
        _slave.Aborts = false;
        _slave.OnBuild = _ => _cancel.Cancel();

        var finished = await RunAsync(change: options => options with { AbortTimeout = TimeSpan.FromMilliseconds(50) });

        Assert.That((finished.Build.State, finished.IsSlaveClean), Is.EqualTo((BuildState.Cancelled, false)));
        Assert.That(finished.Build.Reason, Does.Contain("did not stop it within"));
    }

    [Test]
    public async Task Cancelled_while_files_are_made_present_it_is_never_begun()
    {
        _slave.OnEnsurePresent = _ =>
        {
            _cancel.Cancel();
            return new EnsurePresentReply(true, "Cache");
        };

        var finished = await RunAsync();

        Assert.That((finished.Build.State, finished.IsSlaveClean), Is.EqualTo((BuildState.Cancelled, true)));
        Assert.That(_slave.Deeds, Has.None.StartsWith("build ").And.None.EqualTo("abort"));
    }

    [Test]
    public async Task Cancelled_before_it_begins_nothing_is_asked_of_the_slave()
    {
        await _cancel.CancelAsync();

        await Assert.ThatAsync(() => RunAsync(), Throws.InstanceOf<OperationCanceledException>());

        Assert.That(_slave.Count("status"), Is.Zero);
    }

    [Test]
    public async Task A_slave_that_is_not_idle_is_left_alone()
    {
        _slave.Status = Building(id: "PACKAGEBUILD-1");

        await Assert.ThatAsync(() => RunAsync(), Throws.TypeOf<SlaveBusyException>().With.Message.Contains("PACKAGEBUILD-1"));

        Assert.That(_slave.Deeds, Is.Empty);
    }

    [Test]
    public async Task A_slave_that_is_given_something_else_in_between_is_left_alone_too()
    {
        var looks = 0;
        _slave.Instead = (call, _) =>
        {
            if (call == "status" && ++looks == 2)
                _slave.Status = Building(id: "PACKAGEBUILD-1");
            return Task.FromResult(false);
        };

        await Assert.ThatAsync(() => RunAsync(), Throws.InstanceOf<MasterException>().With.Message.Contains("Building"));

        Assert.That(_slave.Deeds, Is.Empty);
    }

    [TestCase("my-PACKAGEBUILD", 7)]
    [TestCase("7", 7)]
    [TestCase("PACKAGEBUILD", 0)]
    public async Task A_cookie_that_names_no_record_is_refused(string jobType, long id) =>
        await Assert.ThatAsync(
            () => RunAsync(Job() with { Cookie = new BuildCookie(jobType, id) }),
            Throws.ArgumentException.With.Message.Contains("JOBTYPE-ID"));

    [Test]
    public async Task An_observer_that_throws_ends_the_run_and_the_slave_builds_on()
    {
        await Assert.ThatAsync(
            () => RunAsync(observe: happened =>
                happened is BuildDispatched ? throw new InvalidOperationException("enough") : ValueTask.CompletedTask),
            Throws.InvalidOperationException.With.Message.EqualTo("enough"));

        Assert.That(_slave.Status.Status, Is.EqualTo(BuilderStatus.Building));
        Assert.That(_slave.Deeds, Has.None.EqualTo("abort").And.None.EqualTo("clean"));
    }

    [Test]
    public async Task Several_runs_share_a_root()
    {
        await using var other = await SocketSlave.StartAsync();
        _slave.OnBuild = _ => _slave.End(BuildStatus.Ok, ("a.img", "one"));
        other.OnBuild = _ => other.End(BuildStatus.Ok, ("b.img", "two"));

        var finished = await Task.WhenAll(
            RunAsync(Job() with { BuilderTag = "livefs" }),
            RunAsync(Job() with { BuilderTag = "livefs", Cookie = new BuildCookie("LIVEFSBUILD", 23) }, slave: other));

        Assert.That(finished.Select(one => Path.GetFileName(Directory.GetFiles(one.Folder!).Single())), Is.EqualTo(["a.img", "b.img"]));
    }

    [Test]
    public async Task The_log_of_a_program_that_was_killed_is_not_gone_on_with()
    {
        Directory.CreateDirectory(_folder[$"logs/{Cookie}"]);
        await File.WriteAllTextAsync(_folder[$"logs/{Cookie}/1.log"], "from another life");
        await File.WriteAllTextAsync(_folder[$"logs/{Cookie}/1.log.mark"], "3 17\n");
        _slave.OnBuild = _ =>
        {
            _slave.Log("the log");
            _slave.End(BuildStatus.PackageFail);
        };

        Assert.That(LogOf(await RunAsync()), Is.EqualTo("the log"));
    }

    private MasterOptions Options => new() { Root = _folder.Path, PollInterval = TimeSpan.FromMilliseconds(5), ScansPerFailure = 1 };

    private string LogOf(FinishedBuild finished)
    {
        using var log = new LogStore(_folder["logs"]).OpenStored(finished.Build)!;
        return new StreamReader(log).ReadToEnd();
    }

    private void EndWithPackages(Action<UploadLeaf>? spoil = null)
    {
        var leaf = UploadLeaf.MakeGood(_folder["made"]);
        spoil?.Invoke(leaf);
        var made = Directory.GetFiles(leaf.Path).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
        foreach (var content in made.Values)
            _slave.Files[Sha1Of(content)] = content;
        _slave.Log("the log");
        _slave.EndWith(BuildStatus.Ok, [.. made.Select(file => (file.Key, Sha1Of(file.Value)))]);
    }

    private Task<FinishedBuild> RunAsync(
        BuildJob? job = null,
        Func<MasterEvent, ValueTask>? observe = null,
        SocketSlave? slave = null,
        Func<MasterOptions, MasterOptions>? change = null) => BuildMaster.RunOneAsync(
        new SlaveClient(_http, new SlaveClientOptions { Url = (slave ?? _slave).Url }),
        job ?? Job("hello.dsc"),
        change?.Invoke(Options) ?? Options,
        happened =>
        {
            lock (_events)
                _events.Add(happened);
            return observe?.Invoke(happened) ?? ValueTask.CompletedTask;
        },
        cancellationToken: _cancel.Token);
}
