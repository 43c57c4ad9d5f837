using Buildd.Master.Dispatch;
using Buildd.Master.Jobs;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.UnitTests.Testing;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Dispatch;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DispatcherTests
{
    private readonly ScriptedSlave _slave = new();
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLogger<Dispatcher> _logger = new();

    [Test]
    public async Task The_chroot_and_then_the_files_are_made_present_before_the_build()
    {
        var job = Job("z.dsc", "a.tar.gz");

        await DispatchAsync(job);

        Assert.That(_slave.Calls, Is.EqualTo([
            "status",
            $"ensurepresent {Sha1Of("chroot.tar.gz")}",
            $"ensurepresent {Sha1Of("z.dsc")}",
            $"ensurepresent {Sha1Of("a.tar.gz")}",
            $"build {Cookie}",
        ]));
        Assert.That(_slave.BuildCall!.Builder, Is.EqualTo("binarypackage"));
        Assert.That(_slave.BuildCall.ChrootSha1, Is.EqualTo(job.Chroot.Sha1.ToString()));
        Assert.That(_slave.BuildCall.FileMap, Is.EqualTo(Map(("z.dsc", Sha1Of("z.dsc")), ("a.tar.gz", Sha1Of("a.tar.gz")))));
        Assert.That(_slave.BuildCall.Arguments, Is.SameAs(job.Arguments));
    }

    [Test]
    public async Task A_slave_is_asked_for_each_content_once_and_told_of_both_names()
    {
        await DispatchAsync(Job() with { Files = [Input("a.dsc"), Input("b", Sha1Of("a.dsc"))] });

        Assert.That(_slave.EnsurePresentCalls, Has.Count.EqualTo(2));
        Assert.That(_slave.BuildCall!.FileMap.Keys, Is.EqualTo(["a.dsc", "b"]));
    }

    [Test]
    public async Task Credentials_reach_the_slave_and_nobody_else()
    {
        var file = Input("a.dsc") with { Url = "http://u:pass1@h/a.dsc", UserName = "u", Password = "pass2" };
        _slave.OnEnsurePresent = call => new EnsurePresentReply(true, $"Download of {call.Url} with {call.Password}");

        await DispatchAsync(Job() with { Files = [file] });

        Assert.That(_slave.EnsurePresentCalls[1], Is.EqualTo(new EnsurePresentCall
        {
            Sha1 = file.Sha1.ToString(),
            Url = "http://u:pass1@h/a.dsc",
            UserName = "u",
            Password = "pass2",
        }));
        Assert.That(string.Join('\n', _logger.Lines), Does.Not.Contain("pass1").And.Not.Contain("pass2").And.Contain("http://h/a.dsc"));
    }

    [Test]
    public async Task The_diagnostics_have_what_was_done_and_how_long_it_took()
    {
        _slave.OnEnsurePresent = _ =>
        {
            _time.Advance(TimeSpan.FromSeconds(7));
            return new EnsurePresentReply(true, "Download");
        };

        await DispatchAsync(Job("a.dsc"));

        Assert.That(_logger.Lines, Has.Exactly(3).Items);
        Assert.That(_logger.Lines[0], Does.Contain("has chroot.tar.gz (Download) after 7.0 s"));
        Assert.That(_logger.Lines[1], Does.Contain("has a.dsc (Download) after 7.0 s"));
        Assert.That(_logger.Lines[2], Does.Contain($"{Cookie} (binarypackage) runs on").And.Contain("dispatched in 14.0 s"));
    }

    [Test]
    public async Task A_file_that_the_slave_cannot_fetch_ends_it_with_the_reason_and_without_credentials()
    {
        var file = Input("a.dsc") with { Url = "http://u:pass1@h/a.dsc", Password = "pass2" };
        _slave.OnEnsurePresent = call => new EnsurePresentReply(
            call.Url != file.Url, $"Error accessing Librarian:\n HTTP Error 404: {call.Url} {call.Password}");

        var exception = (await Assert.ThrowsAsync<InputNotPresentException>(() => DispatchAsync(Job() with { Files = [file] })))!;

        Assert.That((exception.Name, exception.Url), Is.EqualTo(("a.dsc", "http://h/a.dsc")));
        Assert.That(exception.Info, Is.EqualTo("Error accessing Librarian: HTTP Error 404: http://h/a.dsc …"));
        Assert.That(exception.ToString(), Does.Not.Contain("pass1").And.Not.Contain("pass2").And.Contain("builder.example"));
        Assert.That(_slave.BuildCall, Is.Null);
    }

    [Test]
    public async Task A_file_without_a_URL_must_be_there_already()
    {
        _slave.OnEnsurePresent = call => new EnsurePresentReply(call.Url is not null, "No URL");

        var exception = (await Assert.ThrowsAsync<InputNotPresentException>(
            () => DispatchAsync(Job() with { Files = [Input("a.dsc") with { Url = null }] })))!;

        Assert.That(exception.Url, Is.Null);
    }

    [Test]
    public async Task A_slave_that_lost_a_file_is_told_from_one_that_cannot_build_this()
    {
        _slave.OnBuild = _ => new BuildReply(BuildAnswer.UnknownSum, "CHROOTSUM -> abc\n            No URL\n");

        await Assert.ThatAsync(() => DispatchAsync(Job()), Throws.TypeOf<UnknownSumException>()
            .With.Property(nameof(UnknownSumException.Text)).EqualTo("CHROOTSUM -> abc No URL"));
    }

    [Test]
    public async Task A_slave_without_the_manager_is_told()
    {
        _slave.OnBuild = _ => new BuildReply(BuildAnswer.UnknownBuilder, "binarypackage not in ['livefs']");

        await Assert.ThatAsync(() => DispatchAsync(Job()), Throws.TypeOf<UnknownBuilderException>()
            .With.Property(nameof(UnknownBuilderException.BuilderTag)).EqualTo("binarypackage")
            .And.Message.Contains("not in ['livefs']"));
    }

    [Test]
    public async Task A_slave_that_is_not_idle_is_not_asked_for_anything()
    {
        _slave.Says(Building(id: "PACKAGEBUILD-1"));

        await Assert.ThatAsync(() => DispatchAsync(Job()), Throws.TypeOf<SlaveBusyException>().With.Message.Contains("PACKAGEBUILD-1"));
        Assert.That(_slave.Calls, Is.EqualTo(["status"]));
    }

    [Test]
    public async Task A_fault_is_passed_on()
    {
        _slave.OnBuild = _ => throw ScriptedSlave.Fault;

        await Assert.ThatAsync(() => DispatchAsync(Job()), Throws.TypeOf<SlaveFaultException>());
        Assert.That(_slave.Calls.Count(call => call.StartsWith("build", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public async Task When_the_answer_to_build_is_lost_the_slave_is_asked_whether_it_has_it()
    {
        _slave.Says(Idle, Building()).OnBuild = _ => throw ScriptedSlave.Broken;

        await DispatchAsync(Job());

        Assert.That(_slave.Calls.TakeLast(2), Is.EqualTo([$"build {Cookie}", "status"]));
    }

    [Test]
    public async Task When_it_does_not_have_it_there_is_no_second_build()
    {
        _slave.OnBuild = _ => throw ScriptedSlave.Broken;

        await Assert.ThatAsync(() => DispatchAsync(Job()), Throws.TypeOf<SlaveConnectionException>());
        Assert.That(_slave.Calls.TakeLast(2), Is.EqualTo([$"build {Cookie}", "status"]));
    }

    [Test]
    public async Task Cancelled_while_files_are_made_present_the_slave_is_not_given_the_build()
    {
        using var cancel = new CancellationTokenSource();
        _slave.OnEnsurePresent = _ =>
        {
            cancel.Cancel();
            return new EnsurePresentReply(true, "Cache");
        };

        await Assert.ThatAsync(() => DispatchAsync(Job(), cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(_slave.BuildCall, Is.Null);
    }

    [Test]
    public async Task Cancelled_while_the_build_is_handed_over_it_is_known_that_the_slave_has_it()
    {
        using var cancel = new CancellationTokenSource();
        _slave.OnBuild = call =>
        {
            cancel.Cancel();
            return new BuildReply(BuildAnswer.Building, call.BuildId);
        };

        await Assert.ThatAsync(() => DispatchAsync(Job(), cancel.Token), Throws.Nothing);
    }

    private Task DispatchAsync(BuildJob job, CancellationToken cancellationToken = default) =>
        new Dispatcher(_slave, _time, _logger).DispatchAsync(job, cancellationToken);
}
