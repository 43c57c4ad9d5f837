using Buildd.IntegrationTests.Support;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>What the published program does with its libraries: it is one file, compiled ahead of time.</summary>
[Parallelizable(ParallelScope.Self)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(600_000)]
public sealed class PublishedFarmTests : IAsyncDisposable
{
    private readonly FarmProgram _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task A_real_chroot_is_taken_and_one_that_was_cut_off_is_not()
    {
        var chroot = await BuildEnvironment.ChrootAsync();
        await using (var source = File.OpenRead(chroot))
        await using (var target = File.Create(_farm["cut-off.tar.zst"]))
        {
            await source.CopyToAsync(target);
            target.SetLength(target.Length - 1000);
        }

        var (code, output) = await _farm.DoAsync("chroots", "add", "bookworm", "arm64", _farm["cut-off.tar.zst"]);
        Assert.That(code, Is.EqualTo(1), output);
        Assert.That(output, Does.Contain("cut-off.tar.zst can't be used as a chroot: it was read as a tar compressed by zstd, and that "));

        (code, output) = await _farm.DoAsync("chroots", "add", "bookworm", "amd64", chroot);
        Assert.That(code, Is.Zero, output);
        Assert.That((await _farm.DoAsync("chroots", "list")).Output, Does.Contain(Path.GetFileName(chroot)).And.Not.Contain("arm64"));
    }

    [Test]
    public async Task Its_figures_are_served_while_it_runs()
    {
        var dsc = await _farm.PrepareAsync();
        await _farm.DoAsync("build", dsc);
        await using var run = await _farm.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        var address = new Uri(run.Output.Split("inputs are served at ")[1].Split('\n')[0]);
        var figures = await http.GetStringAsync(new Uri(address, "metrics"));

        Assert.That(figures, Does.Match("(?m)^buildd_master_waiting\\{[^}]*\\} 1\\b"));
        Assert.That(figures, Does.Contain("\ndotnet_process_cpu_time_seconds_total{"));
        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
    }
}
