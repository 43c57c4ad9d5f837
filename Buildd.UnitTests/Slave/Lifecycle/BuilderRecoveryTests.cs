using Buildd.Protocol;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Builds;
using Buildd.Slave.Lifecycle;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>
/// A builder on a work folder that another one had before: what it was told of is all in the folders, however the other
/// ended. Tests with a slave that is really killed stand beside the daemon's.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(30_000)]
public sealed class BuilderRecoveryTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();
    private Builder? _next;

    public async ValueTask DisposeAsync()
    {
        if (_next is not null)
            await _next.DisposeAsync();
        await _slave.DisposeAsync();
    }

    [Test]
    public async Task A_build_that_had_ended_still_waits_with_the_same_status()
    {
        await _slave.RunAsync(async context =>
        {
            await SlaveBench.AddResultAsync(context, "b.deb", "second letter");
            await SlaveBench.AddResultAsync(context, "a.deb", "first letter");
            context.SetStatusMember("revision_id", "abc");
            context.SetStatusMember("nested", new XmlRpcStruct { ["list"] = new XmlRpcArray([1, 2.5, true, XmlRpcNil.Instance]) });
        });
        var before = _slave.Builder.Status();

        var after = (await RestartAsync()).Status();

        Assert.That(Written(after), Is.EqualTo(Written(before)));
        Assert.That(after.FileMap!.Keys, Is.EqualTo(new[] { "b.deb", "a.deb" }));
        Assert.That(_slave.LogText, Is.Not.Null);
    }

    [Test]
    public async Task What_a_build_made_is_cleaned_by_the_next_slave()
    {
        var input = _slave.Add("dsc");
        await _slave.RunAsync(async context =>
        {
            await SlaveBench.AddResultAsync(context, "a.deb", "a deb");
            await SlaveBench.AddResultAsync(context, "same.dsc", "dsc");
        });

        (await RestartAsync()).Clean();

        Assert.That(File.Exists(_slave.InCache(SlaveBench.Sha1Of("a deb"))), Is.False);
        Assert.That(File.Exists(_slave.InCache(input)), Is.True, "an input stays");
        Assert.That(File.Exists(_slave.LogPath), Is.False);
        Assert.That((await RestartAsync()).Status().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_build_that_was_cut_short_fails_and_says_in_which_phase()
    {
        await WriteAsync(new JournalEntry
        {
            Version = JournalEntry.CurrentVersion,
            Status = BuilderStatus.Building,
            BuildId = SlaveBench.BuildId,
            Tag = "binarypackage",
            Phase = "sbuild",
            Results = [new JournalFile("a.deb", Sha1.Parse(_slave.Add("a deb")))],
            OwnSums = [Sha1.Parse(SlaveBench.Sha1Of("a deb"))],
        });
        Directory.CreateDirectory(Path.Combine(_slave.BuildFolder, "half", "of", "it"));
        File.WriteAllText(_slave.LogPath, "compiling\nhalf a li");
        var ended = _slave.Logger.NextAsync(" ended: ");
        var left = new TaskCompletionSource<LeftBuild>();
        _slave.Backend.EndLeft = build =>
        {
            left.SetResult(build);
            return Task.CompletedTask;
        };

        var builder = await RestartAsync(resume: false);
        Assert.That(builder.Status().Status, Is.EqualTo(BuilderStatus.Building));
        builder.Resume();
        await ended.WaitAsync(SlaveBench.Deadline);

        var status = builder.Status();
        Assert.That(status.Status, Is.EqualTo(BuilderStatus.Waiting));
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(status.BuildId, Is.EqualTo(SlaveBench.BuildId));
        Assert.That(
            _slave.LogText,
            Is.EqualTo("compiling\nhalf a li\nThe slave was killed or its machine went down in phase sbuild: the build has failed.\n"));
        Assert.That(Directory.Exists(_slave.BuildFolder), Is.False);
        Assert.That((await left.Task).Directory, Is.EqualTo(_slave.BuildFolder));
        Assert.That((await left.Task).BuildId, Is.EqualTo(SlaveBench.BuildId));

        builder.Clean();
        Assert.That(File.Exists(_slave.InCache(SlaveBench.Sha1Of("a deb"))), Is.False);
        Assert.That(builder.Start(_slave.Call()).Answer, Is.EqualTo(BuildAnswer.Building));
    }

    [Test]
    public async Task A_build_that_was_being_aborted_fails_too()
    {
        await WriteAsync(Cut() with { Status = BuilderStatus.Aborting });
        var ended = _slave.Logger.NextAsync(" ended: ");

        var builder = await RestartAsync();
        await ended.WaitAsync(SlaveBench.Deadline);

        Assert.That(builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
    }

    [Test]
    public async Task What_can_t_be_ended_is_said_and_does_not_hold_the_builder_up()
    {
        await WriteAsync(Cut());
        Directory.CreateDirectory(_slave.BuildFolder);
        _slave.Backend.EndLeft = _ => throw new IOException("still there: 17 (cc1plus, state D)");
        var ended = _slave.Logger.NextAsync(" ended: ");

        var builder = await RestartAsync();
        await ended.WaitAsync(SlaveBench.Deadline);

        Assert.That(builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(_slave.LogText, Does.Contain("cc1plus").And.EndWith("before the first phase: the build has failed.\n"));
        Assert.That(builder.Clean().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_kind_of_build_that_is_no_longer_there_is_no_obstacle()
    {
        await WriteAsync(Cut() with { Tag = "gone" });
        var ended = _slave.Logger.NextAsync(" ended: ");

        var builder = await RestartAsync();
        await ended.WaitAsync(SlaveBench.Deadline);

        Assert.That(builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
    }

    [Test]
    public async Task Nothing_else_is_built_while_what_is_left_is_being_ended()
    {
        await WriteAsync(Cut());
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Backend.EndLeft = _ => release.Task;
        var ended = _slave.Logger.NextAsync(" ended: ");
        var builder = await RestartAsync();

        Assert.That(() => builder.Start(_slave.Call()), Throws.InstanceOf<Exception>().With.Property("Message").Contains("Building"));
        Assert.That(builder.Abort().Status, Is.EqualTo(BuilderStatus.Aborting));
        release.SetResult();
        await ended.WaitAsync(SlaveBench.Deadline);
        Assert.That(builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
    }

    [Test]
    public async Task A_clean_that_was_cut_short_is_finished()
    {
        var result = _slave.Add("a result");
        File.WriteAllText(_slave.LogPath, "a log");
        await WriteAsync(
            new JournalEntry { Version = JournalEntry.CurrentVersion, Status = BuilderStatus.Idle, OwnSums = [Sha1.Parse(result)] });

        var builder = await RestartAsync();

        Assert.That(builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(File.Exists(_slave.InCache(result)), Is.False);
        Assert.That(File.Exists(_slave.LogPath), Is.False);
    }

    [Test]
    public async Task A_clean_that_was_cut_short_is_finished_also_without_results()
    {
        File.WriteAllText(_slave.LogPath, "the log of a build that failed");
        await WriteAsync(new JournalEntry { Version = JournalEntry.CurrentVersion, Status = BuilderStatus.Idle });

        var builder = await RestartAsync();

        Assert.That(builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(File.Exists(_slave.LogPath), Is.False);
    }

    [Test]
    public async Task Results_that_were_lost_make_the_build_fail()
    {
        await _slave.RunAsync(context => SlaveBench.AddResultAsync(context, "a.deb", "a deb"));
        await _slave.Builder.DisposeAsync();
        File.Delete(_slave.InCache(SlaveBench.Sha1Of("a deb")));

        var status = (await RestartAsync()).Status();

        Assert.That(status.Status, Is.EqualTo(BuilderStatus.Waiting));
        Assert.That(status.BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(_slave.LogText, Does.EndWith("Results were lost while the slave was down: a.deb\n"));
    }

    [Test]
    public async Task A_build_that_was_refused_is_not_remembered()
    {
        Directory.CreateDirectory(_slave.BuildFolder); // an earlier build's, in the way
        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.InstanceOf<Exception>());

        Assert.That((await RestartAsync()).Status().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public void A_build_that_can_t_be_remembered_is_refused()
    {
        Directory.CreateDirectory(Path.Combine(_slave.Options.WorkDirectory, Journal.TemporaryName)); // in the way of every change

        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.InstanceOf<Exception>().With.Property("Message").Contains("journal"));
        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(Directory.Exists(_slave.BuildFolder), Is.False);
    }

    [Test]
    public async Task A_disk_that_is_full_later_does_not_hold_a_build_up()
    {
        await _slave.RunAsync(context =>
        {
            Directory.CreateDirectory(Path.Combine(_slave.Options.WorkDirectory, Journal.TemporaryName));
            context.EnterPhase("compile");
            return SlaveBench.AddResultAsync(context, "a.deb", "a deb");
        });

        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.Ok));
        Assert.That(_slave.Logger.Entries.Select(entry => entry.Message), Has.Some.Contains("not in the journal"));
        Assert.That(_slave.Builder.Clean().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    private static JournalEntry Cut() => new()
    {
        Version = JournalEntry.CurrentVersion,
        Status = BuilderStatus.Building,
        BuildId = SlaveBench.BuildId,
        Tag = "binarypackage",
    };

    /// <summary>Leaves the journal as a slave that was killed would have.</summary>
    private async Task WriteAsync(JournalEntry entry)
    {
        await _slave.Builder.DisposeAsync();
        using var journal = new Journal(_slave.Options.WorkDirectory);
        journal.Write(entry);
    }

    private async Task<Builder> RestartAsync(bool resume = true)
    {
        await (_next ?? _slave.Builder).DisposeAsync();
        _next = _slave.Create(_slave.Options);
        if (resume)
            _next.Resume();
        return _next;
    }

    private static string Written(StatusReply status)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteResponse(output, status.ToXmlRpc());
        return System.Text.Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
