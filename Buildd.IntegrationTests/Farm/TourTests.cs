using Buildd.Master.Builds;
using Buildd.Protocol.Messages;
using Buildd.Protocol.Messages.Arguments;
using Buildd.Slave.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Farm;

/// <summary>
/// What the documentation shows of a farm with people in it works as it is written, and the build that it asks for is built.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(180_000)]
public sealed class TourTests : IAsyncDisposable
{
    /// <summary>Stands behind a command that is refused, with its exit code.</summary>
    private const string Refused = " # ends with ";

    private const string Program = "buildd-farm ";

    private static readonly string[] Lines =
    [
        "deb http://ppa.example.org/kiosk/debian bookworm main",
        "deb http://ppa.example.org/ada/debian bookworm main",
        "deb http://deb.debian.org/debian bookworm main",
    ];

    private readonly FarmProgram _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    [Test]
    public async Task The_tour_of_the_documentation()
    {
        await SmallChroot.WriteAsync(_farm["chroot.tar.gz"]);
        var outputs = new List<string>();
        foreach (var line in ReadCommands())
        {
            var parts = line.Split(Refused);
            var expected = parts.Length == 2 ? int.Parse(parts[1], null) : 0;

            var (code, output) = await _farm.DoAsync(Split(parts[0][Program.Length..]));

            Assert.That(code, Is.EqualTo(expected), $"{line}\n{output}");
            outputs.Add($"$ {line}\n{output}");
        }

        var said = string.Concat(outputs);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(said, Does.Contain("An identical build of this live filesystem image is already pending.\nLIVEFSBUILD-1 waits."));
            Assert.That(said, Does.Contain("Waits:             The farm has no builders.\n"));
            foreach (var line in Lines)
                Assert.That(said, Does.Contain(line));
        }

        await AssertIsBuiltAsync();
    }

    private async Task AssertIsBuiltAsync()
    {
        LiveFsArguments? got = null;
        var slave = await _farm.AddSlaveAsync("bob", _ => { });
        slave.Backend("livefs").Check = request => got = LiveFsArguments.FromXmlRpc(request.Arguments, "amd64");
        slave.Backend("livefs").Script = async (context, abort) =>
        {
            var file = Path.Combine(context.Directory, "livecd.kiosk.manifest");
            await File.WriteAllTextAsync(file, "hello 2.10-3\n", abort);
            await context.AddResultAsync(file, null, abort);
            return new BuildOutcome(BuildStatus.Ok);
        };
        await using var run = await _farm.StartAsync();
        await Until.SeenAsync(
            () => _farm.WithStoreAsync(store => store.Builds.FindAsync(1)), build => build!.State == BuildState.FullyBuilt,
            TimeSpan.FromMinutes(1));

        var show = (await _farm.DoAsync("--as", "bob", "show", "1")).Output;
        using (Assert.EnterMultipleScope())
        {
            foreach (var line in Lines)
                Assert.That(show, Does.Contain($"Apt line:          {line}"));
            Assert.That((got?.Project, got?.ImageTool, got?.ArchivePrivate), Is.EqualTo(("kiosk", "mmdebstrap", true)));
            Assert.That(got?.Archives, Is.SupersetOf(Lines));
            Assert.That(show, Does.Contain("livecd.kiosk.manifest"));
        }

        Assert.That(await run.StopAsync(), Is.Zero, run.Output);
        await _farm.CheckStoreAsync();
    }

    /// <summary>The lines of its blocks of shell. Files are named relative to the farm's folder.</summary>
    private IEnumerable<string> ReadCommands()
    {
        var isShell = false;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs/tour.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                isShell = line == "```sh";
            else if (isShell)
                yield return line.Replace("chroot.tar.gz", _farm["chroot.tar.gz"], StringComparison.Ordinal);
        }
    }

    /// <summary>Words as a shell takes them apart that has only single quotation marks.</summary>
    private static string[] Split(string line) =>
        [.. line.Split('\'').SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
}
