using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Secrets;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave;
using Buildd.Slave.Builds;
using Buildd.Slave.Logs;
using Buildd.Testing.Files;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Lifecycle;

/// <summary>What the builder does for the log of its build.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuilderLogTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public async Task Secrets_in_the_arguments_are_in_neither_the_log_nor_its_tail()
    {
        var tail = "";
        _slave.Backend.Run = (context, _) =>
        {
            context.Log.Write("deb http://user:hunter2@host/ x; the password is hunter2\n"u8);
            tail = Encoding.UTF8.GetString(_slave.Builder.Status().LogTail!.Value.Span);
            context.Log.Write("not ended: hunt"u8);
            return Task.FromResult(new BuildOutcome(BuildStatus.Ok));
        };

        await _slave.RunAsync(_slave.Call() with
        {
            Arguments = new XmlRpcStruct { ["archives"] = new XmlRpcArray(["deb http://user:hunter2@host/ bookworm main"]) },
        });

        Assert.That(tail, Is.EqualTo("deb http://host/ x; the password is ***\n"));
        Assert.That(_slave.LogText, Is.EqualTo(tail + "not ended: hunt"));
    }

    [Test]
    public void More_secrets_than_can_be_kept_out_are_refused_and_nothing_has_changed()
    {
        var call = _slave.Call() with { Arguments = new XmlRpcStruct { ["secret"] = new string('x', BuildSecrets.MaxSecretBytes + 1) } };

        Assert.That(() => _slave.Builder.Start(call), Throws.TypeOf<RefusedException>().With.Message.Contains("secrets"));

        Assert.That(_slave.Builder.Status().Status, Is.EqualTo(BuilderStatus.Idle));
        Assert.That(Directory.Exists(_slave.BuildFolder), Is.False);
        Assert.That(File.Exists(_slave.LogPath), Is.False);
    }

    [Test]
    public async Task A_folder_that_its_build_leaves_stays_with_the_links_in_it()
    {
        _slave.Backend.LeavesDirectory = true;

        await _slave.RunAsync();

        Assert.That(_slave.Builder.Status().BuildStatus, Is.EqualTo(BuildStatus.Ok));
        Assert.That(Directory.Exists(_slave.BuildFolder), Is.True);
        _slave.Builder.Clean();
        Assert.That(() => _slave.Builder.Start(_slave.Call()), Throws.TypeOf<RefusedException>().With.Message.Contains("exists"));
    }

    [Test]
    public async Task A_long_log_keeps_its_beginning_and_its_end()
    {
        _slave.Options.Log = new BuildLogOptions { MaxBytes = BuildLogOptions.LeastMaxBytes };
        var tail = "";
        _slave.Backend.Run = (context, _) =>
        {
            for (var i = 0; i < 10_000; i++)
                context.Log.WriteLine($"line {i}");
            tail = Encoding.UTF8.GetString(_slave.Builder.Status().LogTail!.Value.Span);
            return Task.FromResult(new BuildOutcome(BuildStatus.Ok));
        };

        await _slave.RunAsync();

        Assert.That(tail, Does.EndWith("line 9998\nline 9999\n").And.Length.EqualTo(BuildLog.TailBytes));
        Assert.That(_slave.LogText, Does.StartWith("line 0\n").And.EndWith(tail).And.Contain(" bytes of the log are missing here]\n"));
        Assert.That(_slave.LogText, Has.Length.LessThanOrEqualTo(BuildLogOptions.LeastMaxBytes));
        Assert.That(Directory.GetFiles(_slave.Options.WorkDirectory, "buildlog-*"), Is.Empty);
    }

    [Test]
    public async Task After_a_restart_the_log_of_the_last_build_can_be_read_until_clean()
    {
        await _slave.RunAsync(context =>
        {
            context.Log.WriteLine("before the restart");
            return Task.CompletedTask;
        });
        await _slave.Builder.DisposeAsync();
        await using var builder = _slave.Create(_slave.Options);

        var buffer = new byte[100];
        using (var reader = builder.Log!.Follow()!)
            Assert.That(Encoding.UTF8.GetString(buffer, 0, reader.Read(buffer)), Is.EqualTo("before the restart\n"));
        Assert.That(builder.Log.IsClosed);
        builder.Clean();
        Assert.That(builder.Log, Is.Null);
    }

    [Test]
    public async Task A_disk_that_is_full_fails_the_build_and_not_the_slave()
    {
        await using var disk = await SmallFileSystem.MountAsync(1024 * 1024);
        await using var builder = _slave.Create(
            _slave.Options with { FileCacheDirectory = disk.Path, WorkDirectory = Directory.CreateDirectory(disk["work"]).FullName });
        _slave.Backend.Run = (context, _) =>
        {
            for (var i = 0; i < 64; i++)
                context.Log.Write(new byte[64 * 1024]);
            return Task.FromResult(new BuildOutcome(BuildStatus.Ok));
        };
        var ended = _slave.Logger.NextAsync(" ended: ");

        builder.Start(_slave.Call());
        await ended.WaitAsync(SlaveBench.Deadline);

        Assert.That(builder.Status().BuildStatus, Is.EqualTo(BuildStatus.BuilderFail));
        Assert.That(
            _slave.Logger.Entries.Where(entry => entry.Level == LogLevel.Error)
                .Select(entry => entry.Message), Has.Some.Contains("log of build"));
        Assert.That(Directory.GetDirectories(disk["work"]), Is.Empty, "the build's folder");
        builder.Clean();
        Assert.That(File.Exists(disk["buildlog"]), Is.False);

        _slave.Backend.Run = (context, _) =>
        {
            context.Log.WriteLine("there is room again");
            return Task.FromResult(new BuildOutcome(BuildStatus.Ok));
        };
        ended = _slave.Logger.NextAsync(" ended: ");
        builder.Start(_slave.Call());
        await ended.WaitAsync(SlaveBench.Deadline);
        Assert.That(builder.Status().BuildStatus, Is.EqualTo(BuildStatus.Ok));
        Assert.That(await File.ReadAllTextAsync(disk["buildlog"]), Is.EqualTo("there is room again\n"));
    }
}
