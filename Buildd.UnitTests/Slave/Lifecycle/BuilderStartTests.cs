using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>What <c>build</c> checks, in which order, and what a refusal leaves behind: nothing.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuilderStartTests : IAsyncDisposable
{
    private const string NoSuchSum = "0123456789012345678901234567890123456789";

    private readonly SlaveBench _slave = new();

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public void An_unknown_tag_is_told_with_the_tags_there_are()
    {
        var reply = _slave.Builder.Start(Spoilt(5) with { Builder = "nonsense" });

        Assert.That(reply, Is.EqualTo(new BuildReply(BuildAnswer.UnknownBuilder, "nonsense not in ['binarypackage', 'livefs']")));
        RequireUntouched();
    }

    [Test]
    public void An_unknown_chroot_is_told_before_unknown_files()
    {
        var reply = _slave.Builder.Start(Spoilt(4));

        Assert.That(reply.Answer, Is.EqualTo(BuildAnswer.UnknownSum));
        var lines = reply.Text.Split('\n');
        Assert.That(lines, Has.Length.EqualTo(5));
        Assert.That(lines[0], Is.EqualTo("CHROOTSUM -> " + NoSuchSum));
        Assert.That(lines[2], Is.EqualTo(new string(' ', 12) + "No URL"));
        RequireUntouched();
    }

    [Test]
    public void An_unknown_file_is_told_before_the_id_is_looked_at()
    {
        var reply = _slave.Builder.Start(Spoilt(3));

        Assert.That(reply.Answer, Is.EqualTo(BuildAnswer.UnknownSum));
        var lines = reply.Text.Split('\n');
        Assert.That(lines, Has.Length.EqualTo(5));
        Assert.That(lines[0], Is.EqualTo("FILESUM -> " + NoSuchSum));
        Assert.That(lines[2], Is.EqualTo(new string(' ', 16) + "No URL"));
        RequireUntouched();
    }

    [Test]
    public async Task An_empty_id_is_refused_before_the_status_is_looked_at()
    {
        await _slave.RunAsync();

        Assert.That(() => _slave.Builder.Start(Spoilt(2)), Throws.TypeOf<RefusedException>().With.Message.Contains("without an id"));
    }

    [Test]
    public async Task The_wrong_status_is_refused_before_the_backend_is_asked()
    {
        await _slave.RunAsync();

        Assert.That(() => _slave.Builder.Start(Spoilt(1)), Throws.TypeOf<RefusedException>().With.Message.Contains("Waiting"));
        Assert.That(_slave.Backend.Prepared, Is.EqualTo(1), "the build before");
    }

    [Test]
    public void Arguments_that_the_backend_refuses_leave_the_builder_idle()
    {
        Assert.That(() => _slave.Builder.Start(Spoilt(1)), Throws.TypeOf<RefusedException>().With.Message.EqualTo("spoilt"));
        RequireUntouched();
    }

    [Test]
    public void A_backend_that_breaks_over_arguments_leaves_the_builder_idle()
    {
        _slave.Backend.Check = _ => throw new InvalidOperationException("broken");

        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.InvalidOperationException);
        RequireUntouched();
    }

    [Test]
    public async Task A_good_call_is_answered_with_the_id_and_builds()
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));

        Assert.That(_slave.Builder.Start(_slave.Call()), Is.EqualTo(new BuildReply(BuildAnswer.Building, SlaveBench.BuildId)));

        var context = await _slave.Backend.Started.WaitAsync(SlaveBench.Deadline);
        Assert.Multiple(() =>
        {
            Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Building));
            Assert.That(context.Directory, Is.EqualTo(_slave.BuildFolder));
            Assert.That(context.Request.ChrootPath, Is.EqualTo(_slave.InCache(SlaveBench.Sha1Of("chroot"))));
            Assert.That(context.Request.DefaultArchitecture, Is.EqualTo("riscv64"));
            Assert.That(
                new FileInfo(Path.Combine(context.Directory, "hello.dsc"))
                    .LinkTarget, Is.EqualTo(_slave.InCache(SlaveBench.Sha1Of("dsc"))));
        });
    }

    [TestCase(".")]
    [TestCase("..")]
    [TestCase("a/b")]
    [TestCase("/etc")]
    [TestCase("../x")]
    [TestCase("a\0b")]
    [TestCase("a\nb")]
    [TestCase("a\u001bb")]
    [TestCase("a\u0085b")]
    public void A_name_that_is_no_part_of_a_path_is_refused(string name)
    {
        Assert.That(() => _slave.Builder.Start(_slave.Call() with { BuildId = name }), Throws.TypeOf<RefusedException>());
        Assert.That(() => _slave.Builder.Start(WithFile(name)), Throws.TypeOf<RefusedException>());
        RequireUntouched();
    }

    [Test]
    public void An_empty_file_name_is_refused()
    {
        Assert.That(() => _slave.Builder.Start(WithFile("")), Throws.TypeOf<RefusedException>());
        RequireUntouched();
    }

    [Test]
    public void The_length_of_a_name_is_counted_in_bytes()
    {
        Assert.That(() => _slave.Builder.Start(_slave.Call() with { BuildId = new string('x', 201) }), Throws.TypeOf<RefusedException>());
        Assert.That(() => _slave.Builder.Start(WithFile(new string('ü', 101))), Throws.TypeOf<RefusedException>());
        RequireUntouched();

        Assert.That(
            _slave.Builder.Start(WithFile(new string('ü', 100)) with { BuildId = new string('x', 200) })
                .Answer, Is.EqualTo(BuildAnswer.Building));
    }

    [Test]
    public void A_build_folder_that_is_there_is_refused_and_kept()
    {
        Directory.CreateDirectory(_slave.BuildFolder);
        File.WriteAllText(Path.Combine(_slave.BuildFolder, "evidence"), "");

        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.TypeOf<RefusedException>().With.Message.Contains(_slave.BuildFolder));
        Assert.That(File.Exists(Path.Combine(_slave.BuildFolder, "evidence")));
        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public void A_log_that_can_not_be_opened_is_refused_and_leaves_no_folder()
    {
        Directory.CreateDirectory(_slave.LogPath);

        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.TypeOf<RefusedException>().With.Message.Contains("log"));
        Assert.That(Directory.Exists(_slave.BuildFolder), Is.False);
        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
    }

    [Test]
    public async Task A_refused_call_changes_nothing_of_the_build_that_runs()
    {
        _slave.Backend.RunUntilAborted(new BuildOutcome(BuildStatus.Ok));
        var context = await _slave.StartAsync();
        context.Log.WriteLine("so far");

        Assert.That(() => _slave.Builder.Start(_slave.Call() with { BuildId = "another" }), Throws.TypeOf<RefusedException>());

        var status = _slave.Builder.Status();
        Assert.Multiple(() =>
        {
            Assert.That(status.Status, Is.EqualTo(BuilderStatus.Building));
            Assert.That(status.BuildId, Is.EqualTo(SlaveBench.BuildId));
            Assert.That(_slave.LogText, Is.EqualTo("so far\n"));
            Assert.That(Directory.Exists(_slave.BuildFolder));
            Assert.That(Directory.GetDirectories(_slave.Options.WorkDirectory), Has.Length.EqualTo(1));
        });
    }

    /// <summary>A call in which the last so many of the five checks would fail.</summary>
    private BuildCall Spoilt(int checks)
    {
        _slave.Backend.Check = _ => throw new RefusedException("spoilt");
        var call = _slave.Call();
        if (checks >= 2)
            call = call with { BuildId = "" };
        if (checks >= 3)
            call = call with { FileMap = new Dictionary<string, string> { ["a"] = call.ChrootSha1, ["b"] = NoSuchSum } };
        return checks >= 4 ? call with { ChrootSha1 = NoSuchSum } : call;
    }

    private BuildCall WithFile(string name) =>
        _slave.Call() with { FileMap = new Dictionary<string, string> { ["fine"] = _slave.Add("1"), [name] = _slave.Add("2") } };

    private void RequireUntouched() => Assert.Multiple(() =>
    {
        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(Directory.GetDirectories(_slave.Options.WorkDirectory), Is.Empty);
        Assert.That(File.Exists(_slave.LogPath), Is.False);
        Assert.That(_slave.Backend.Started.IsCompleted, Is.False);
    });
}
