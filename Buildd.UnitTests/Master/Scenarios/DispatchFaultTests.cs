using System.Buffers;
using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Microsoft.AspNetCore.Http;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>Builds that can not be begun.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class DispatchFaultTests : FaultFixture
{
    [Test]
    public async Task A_slave_that_misses_a_file_once_is_sent_it_again()
    {
        var slave = await _farm.AddAsync("bob");
        var refused = 0;
        slave.OnBuildCall = _ => refused++ == 0 ? new BuildReply(BuildAnswer.UnknownSum, "chroot") : null;
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);

        Assert.That(slave.CountStarting("ensurepresent"), Is.EqualTo(4));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task What_a_slave_refuses_for_what_it_asks_fails_and_the_only_builder_stays_in_service()
    {
        const string Words = "the argument 'suite' is missing: \u001b[2Jgrüße";
        var slave = await _farm.AddAsync("bob");
        slave.Instead = (call, http) => RefuseAsync(call, http, Words);
        Build[] builds = [.. await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _farm.QueueAsync()))];
        _farm.Start();

        foreach (var build in builds)
        {
            var failed = await _farm.UntilAsync(build, BuildState.FailedToBuild);
            Assert.That(failed.Reason, Is.EqualTo("bob refused it: the argument 'suite' is missing: ?[2Jgrüße"));
            Assert.That(_farm.LogText(failed), Is.EqualTo(failed.Reason + "\n"));
            Assert.That(failed.LogName, Does.Contain("FAILEDTOBUILD"));
        }

        var bob = await _farm.FindAsync("bob");
        Assert.That((bob.InService, bob.Failures), Is.EqualTo((true, 0)));
        Assert.That(_farm.Told, Is.EquivalentTo(builds.Select(build => $"{build.Cookie} FAILEDTOBUILD")));
        Assert.That(slave.CountStarting("build "), Is.EqualTo(10), "each was asked for once");
    }

    private static async Task<bool> RefuseAsync(string call, HttpContext http, string words)
    {
        if (!call.StartsWith("build ", StringComparison.Ordinal))
            return false;
        http.Response.Headers[WireNames.RefusalField] = Uri.EscapeDataString(words);
        var fault = new ArrayBufferWriter<byte>();
        XmlRpcWriter.WriteFault(fault, XmlRpcFaults.Error);
        await http.Response.Body.WriteAsync(fault.WrittenMemory);
        return true;
    }

    [Test]
    public async Task A_build_that_is_cancelled_while_its_slave_fetches_inputs_is_over_at_once_and_the_builder_free()
    {
        var slave = await _farm.AddAsync("bob");
        var fetching = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        slave.Instead = async (call, http) =>
        {
            if (!call.StartsWith("ensurepresent", StringComparison.Ordinal))
                return false;
            fetching.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return true;
        };
        var build = await _farm.QueueAsync();
        _farm.Start();
        await fetching.Task;
        slave.Instead = null;
        var asked = _farm.Now;

        await _farm.Master.CancelAsync(build.Id);
        build = await _farm.UntilAsync(build, BuildState.Cancelled);

        Assert.That(_farm.Now - asked, Is.LessThan(TimeSpan.FromSeconds(5)));
        Assert.That(build.Reason, Is.EqualTo("It was cancelled before it began."));
        Assert.That(slave.CountStarting("build "), Is.Zero);
        var next = await _farm.QueueAsync();
        await _farm.UntilAsync(() => slave.Status.BuildId == next.Cookie.ToString());
        Assert.That(await CountsAsync(next), Is.EqualTo((0, 0)));
    }

    [Test]
    public async Task A_slave_that_misses_a_file_twice_is_blamed_with_its_job()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnBuildCall = _ => new BuildReply(BuildAnswer.UnknownSum, "chroot");
        var build = await _farm.QueueAsync();
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(slave.CountStarting("build "), Is.EqualTo(10));
        Assert.That(await CountsAsync(build), Is.EqualTo((5, 5)));
    }

    [Test]
    public async Task A_slave_without_the_kind_of_builder_gets_no_more_of_that_kind_and_others_do()
    {
        var unable = await _farm.AddAsync("a-unable");
        unable.OnBuildCall = _ => new BuildReply(BuildAnswer.UnknownBuilder, "binarypackage");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.PassAsync(TimeSpan.FromMinutes(10));
        Assert.That(unable.CountStarting("build "), Is.EqualTo(1));
        Assert.That(await CountsAsync(build, "a-unable"), Is.EqualTo((0, 0)));
        Assert.That((await _farm.Master.WhyWaitingAsync(1)).Sentence, Does.EndWith("and a-unable can't build a binarypackage."));

        var able = await _farm.AddAsync("b-able");
        await _farm.UntilAsync(() => able.Status.Status == BuilderStatus.Building);

        Assert.That((await _farm.FindAsync(build)).Builder, Is.EqualTo("b-able"));
    }

    [Test]
    public async Task An_input_that_the_slave_cannot_fetch_blames_both_and_resets_the_build()
    {
        var slave = await _farm.AddAsync("bob");
        slave.OnEnsurePresent = _ => new EnsurePresentReply(false, "404");
        var build = await _farm.QueueAsync();
        _farm.Start();

        build = await _farm.UntilAsync(build, BuildState.FailedToBuild);

        Assert.That(build.Reason, Does.Contain("could not fetch"));
        Assert.That(slave.CountStarting("build "), Is.Zero);
    }

    [Test]
    public async Task A_build_whose_answer_was_lost_is_found_on_the_slave_and_not_begun_twice()
    {
        var slave = await _farm.AddAsync("bob");
        slave.Instead = (call, http) =>
        {
            if (call.StartsWith("build", StringComparison.Ordinal))
            {
                slave.Status = slave.Status with
                {
                    Status = BuilderStatus.Building,
                    BuildId = "PACKAGEBUILD-1",
                    LogTail = default(ReadOnlyMemory<byte>),
                };
                http.Abort();
                slave.Instead = (_, other) =>
                {
                    other.Abort(); // nor can it be asked at once
                    slave.Instead = null;
                    return Task.FromResult(true);
                };
                return Task.FromResult(true);
            }

            return Task.FromResult(false);
        };
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        await _farm.PassAsync(TimeSpan.FromMinutes(1));
        slave.End(BuildStatus.Ok, ("a.deb", "a"));

        build = await _farm.UntilAsync(build, BuildState.Uploading);

        Assert.That((slave.CountStarting("build "), build.Attempt, build.Failures), Is.EqualTo((1, 1, 0)));
    }

    [Test]
    public async Task A_build_without_a_chroot_waits_and_says_so()
    {
        await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync(build => build with
        {
            Specification = new Buildd.Master.Jobs.Packages.PackageSpecification
            {
                Source = "hello",
                Version = "1",
                Series = "trixie",
                ArchTag = "amd64",
                Files = [],
            }.ToBytes()
        });
        _farm.Start();
        await _farm.UntilAsync(async () => (await _farm.FindAsync(build)).NotBefore is not null);

        Assert.That((await _farm.Master.WhyWaitingAsync(1)).Sentence, Does.EndWith("because Missing chroot for trixie amd64."));
        Assert.That(await CountsAsync(build), Is.EqualTo((0, 0)));
    }
}
