using System.Net;
using System.Net.Sockets;
using Buildd.Farm;
using Buildd.UnitTests.Cli.Commands;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Application;

/// <summary>A farm that can't start says why, in one sentence.</summary>
[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class FarmApplicationTests
{
    [Test]
    public async Task An_address_that_is_taken_is_said_plainly()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var farm = new FarmBench();
        await farm.ConfigureAsync($"Listen: {taken.LocalEndpoint}\n");

        var ran = await farm.RunAsync("run");

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed), ran.ToString());
        Assert.That(
            ran.Error, Does.StartWith($"run: inputs can't be served at {taken.LocalEndpoint}: ")
                .And.Contain("The field Listen names the address."));
    }

    [Test]
    public async Task An_address_of_another_machine_is_said_plainly()
    {
        using var farm = new FarmBench();
        await farm.ConfigureAsync("Listen: 192.0.2.1:80\n"); // RFC 5737: nobody's

        var ran = await farm.RunAsync("run");

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed), ran.ToString());
        Assert.That(ran.Error, Does.StartWith("run: inputs can't be served at 192.0.2.1:80: "));
    }

    [Test]
    public async Task A_folder_for_results_that_can_not_be_made_is_named()
    {
        using var farm = new FarmBench();
        await File.WriteAllTextAsync(farm["file"], "");
        await farm.ConfigureAsync("Listen: 127.0.0.1:0\nResults: file/results\n");

        var ran = await farm.RunAsync("run");

        Assert.That(ran.Code, Is.EqualTo(FarmExitCode.Failed), ran.ToString());
        Assert.That(ran.Error, Does.StartWith($"run: the folder {farm["file"]}/results for results can't be used: "));
    }
}
