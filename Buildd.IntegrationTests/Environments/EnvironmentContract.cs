using Buildd.IntegrationTests.Builds;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>
/// What holds wherever a package is built: the real daemon with real sbuild, once for each environment. One after the other:
/// a build keeps both of a small machine's processors busy.
/// </summary>
[NonParallelizable]
[CancelAfter(900_000)]
public abstract class EnvironmentContract : BinaryPackageFixture
{
    /// <summary>The environment, as the configuration spells it.</summary>
    private protected abstract string Environment { get; }

    /// <summary>Starts a slave with this environment and something more said in its configuration.</summary>
    private protected virtual Task<SlaveDaemon> StartSlaveAsync(string lines) =>
        SlaveDaemon.StartWithAsync($"environment = {Environment}\n{lines}");

    private protected override Task<SlaveDaemon> StartSlaveAsync() => StartSlaveAsync("");

    /// <summary>What has to hold after each build; environments have more places to look at.</summary>
    private protected virtual void AssertNothingIsLeft() => BuildEnvironment.AssertNothingIsLeft(Slave.Directory);

    [Test]
    public async Task Packages_are_built_one_after_another_each_in_a_system_of_its_own()
    {
        // As nobody but root could in the system's own folders, where the package may write: what it leaves there is gone.
        const string Leave = "cat /tmp/left-by-a-build > out || echo nothing > out; echo something > /tmp/left-by-a-build";
        foreach (var name in (string[])["fx-first", "fx-second"])
        {
            var outcome = await RunAsync(await JobAsync(name, Leave));

            Assert.That(outcome.Succeeded, outcome.Story);
            var built = await ProcessRunner.CaptureAsync(Command.Of(
                "sh", "-c",
                $"dpkg-deb --fsys-tarfile {Path.Combine(outcome.Folder!, $"{name}_1.0_{Architecture}.deb")} | tar -xO ./usr/bin/{name}"));
            Assert.That(built, Is.EqualTo("nothing\n"), name);
            AssertNothingIsLeft();
        }
    }

    [Test]
    public async Task A_package_that_fails_leaves_nothing()
    {
        var outcome = await RunAsync(await JobAsync("fx-fails", "setsid sleep 1000 > /dev/null 2>&1 & exit 3"));

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.PackageFail), outcome.Story);
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_package_that_does_all_it_can_to_stay_is_ended_by_an_abort()
    {
        // It ignores every signal that can be, leaves its session, its parents and its environment, and goes on forking.
        var job = await JobAsync(
            "fx-stays",
            "trap '' TERM INT HUP QUIT; (setsid sh -c 'trap \"\" TERM; while :; do env -i sleep 0.05; done' &) ; env -i setsid -f sleep "
                + "1000 > /dev/null 2>&1; "
            + "(cd / && setsid sleep 1000 &); echo going to sleep; sleep 1000");
        using var abort = new CancellationTokenSource();

        var outcome = await RunAsync(
            job,
            Driver.WhenLogHas("\ngoing to sleep\n", abort.CancelAsync),
            abort.Token);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
        Assert.That(outcome.Finished.IsSlaveClean);
        AssertNothingIsLeft();
    }

    [Test]
    public async Task No_other_account_of_the_machine_reaches_what_is_in_the_system()
    {
        var job = await JobAsync("fx-closed", "cp /bin/sh set-uid; chmod 4755 set-uid; echo going to sleep; sleep 1000");
        using var abort = new CancellationTokenSource();
        var (seen, reached) = ("", "");

        var outcome = await RunAsync(
            job,
            Driver.WhenLogHas("\ngoing to sleep\n", async () =>
            {
                const string Names = "-name set-uid -o -name '*.dsc' -o -name buildlog -o -name builder.journal";
                var find = Command.Of("sh", "-c", $"find \"$1\" -readable \\( {Names} \\) 2>/dev/null || true", "sh", Slave.Directory);
                seen = await ProcessRunner.CaptureAsync(find);
                // By names that are known too: a folder that can't be listed may still be passed through.
                const string Test = "for file; do if [ -n \"$file\" ] && [ -r \"$file\" ]; then echo \"$file\"; fi; done";
                var known = Command.Of("sh", "-c", Test, "sh").With(seen.Split('\n'));
                const string Nobody = "65534";
                string[] become = [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--"];
                reached = await ProcessRunner.CaptureAsync(find.Behind("setpriv", become) with { WorkingDirectory = "/" })
                    + await ProcessRunner.CaptureAsync(known.Behind("setpriv", become) with { WorkingDirectory = "/" });
                await abort.CancelAsync();
            }),
            abort.Token);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Aborted), outcome.Story);
        Assert.That(seen, Does.Contain("set-uid").And.Contain(".dsc").And.Contain("buildlog"), "what root sees");
        Assert.That(reached, Is.Empty, "what nobody reaches");
        AssertNothingIsLeft();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_package_has_the_network_or_a_loopback_and_nothing_else(bool network)
    {
        await Slave.DisposeAsync();
        Slave = await StartSlaveAsync($"network = {(network ? "yes" : "no")}");
        // An address of the machine itself: from a network of its own even that can't be reached.
        var outside = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .Where(face => face.NetworkInterfaceType != System.Net.NetworkInformation.NetworkInterfaceType.Loopback)
            .SelectMany(face => face.GetIPProperties().UnicastAddresses)
            .Select(address => address.Address)
            .FirstOrDefault(address => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);
        Machine.Require(outside is not null, "a network beside the loopback");
        const string Own = "perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => \"127.0.0.1\") or die; "
            + "print IO::Socket::INET->new(PeerAddr => \"127.0.0.1\", PeerPort => $s->sockport) ? \"own loopback\\n\" : \"no "
            + "loopback\\n\"' > out";
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Any, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        var reach = $"perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(PeerAddr => \"{outside}\", PeerPort => {port}, Timeout => "
            + "5) ? \"outside\\n\" : \"nothing outside\\n\"' >> out";
        const string Faces = "tail -n +3 /proc/self/net/dev | cut -d: -f1 | tr -d ' ' | sort | tr '\\n' ' ' >> out; id -un >> out";
        // What it depends on has to be installed first, over the network.
        var job = await JobAsync("fx-network", $"{Own}; {reach}; {Faces}", buildDepends: "make, hello");

        var outcome = await RunAsync(job);

        Assert.That(outcome.Succeeded, outcome.Story);
        var seen = await ProcessRunner.CaptureAsync(Command.Of(
            "sh", "-c", $"dpkg-deb --fsys-tarfile {Path.Combine(outcome.Folder!, $"fx-network_1.0_{Architecture}.deb")} | tar -xO "
                + "./usr/bin/fx-network"));
        if (network)
            Assert.That(seen, Does.StartWith("own loopback\noutside\n"));
        else
            Assert.That(seen, Does.Match("^own loopback\nnothing outside\nlo (sbuild|buildd-.*)\n$"));
        AssertNothingIsLeft();
    }

    [Test]
    public async Task A_tarball_that_is_cut_off_is_CHROOTFAIL_and_leaves_nothing()
    {
        var job = await JobAsync("fx-cut", "true");
        var cut = Folder["cut.tar.gz"];
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", $"head -c 20000000 {await BuildEnvironment.ChrootAsync()} > {cut}"));

        var outcome = await RunAsync(job with { Chroot = await Server.AddAsync(cut) });

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.ChrootFail), outcome.Story);
        AssertNothingIsLeft();
    }
}
