using System.Globalization;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Uploads;

/// <summary>
/// The program is killed just before each change that it makes to the disk, and in the middle of each write, and run again: all
/// is then as if nobody had killed it. No leaf is lost or in two places, none is accepted twice, no file is half written.
/// </summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(900_000)]
public sealed class UploadKillTests : IDisposable
{
    /// <summary>What a shell shows for SIGKILL.</summary>
    private const int Killed = 137;

    private const int Parallel = 2;

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public Task Killed_at_every_change_it_comes_to_the_same_end() => KillEverywhereAsync(async farm =>
    {
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        UploadFarm.Spoil(farm.Incoming(await farm.UploadingAsync()));
        var over = (await farm.Builds.TryReplaceAsync([(await farm.UploadingAsync()).Uploaded()])).Single()!;
        UploadLeaf.MakeGood(farm.Incoming(over));
    });

    [Test]
    public Task Killed_while_reprepro_publishes_it_comes_to_the_same_end()
    {
        Machine.Require(File.Exists("/usr/bin/reprepro"), "/usr/bin/reprepro: run 'make test', which installs it");
        return KillEverywhereAsync(
            async farm =>
            {
                RepreproTests.Configure(farm["apt"]);
                UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
            },
            "Archive: reprepro apt\n");
    }

    private async Task KillEverywhereAsync(Func<UploadFarm, Task> fill, string configuration = "")
    {
        Machine.Require(File.Exists("/usr/bin/gcc"), "/usr/bin/gcc: run 'make test', which installs it");
        var library = _folder["kill-at-change.so"];
        await ProcessRunner.CaptureAsync(Command.Of(
            "gcc", "-shared", "-fPIC", "-O2", "-o", library,
            Path.Combine(Repository.Root, "Buildd.IntegrationTests/Uploads/kill-at-change.c"), "-ldl"));
        var whole = await MakeAsync("whole", fill, configuration);
        await RunAsync(whole.Command("process-upload").WithEnvironment("LD_PRELOAD", library).WithEnvironment("KILL_UNDER", whole.Folder)
            .WithEnvironment("KILL_COUNT", _folder["count"]), 0);
        var kinds = await File.ReadAllTextAsync(_folder["count"]);
        var expected = await PictureAsync(whole);
        await TestContext.Out.WriteLineAsync($"{kinds.Length} changes, {kinds.Count(kind => kind == 'w')} of them writes:\n{expected}");
        Assert.That(kinds, Has.Length.GreaterThan(15).And.Contains("w"));

        var points = kinds.Select((kind, i) => (kind, at: i + 1))
            .SelectMany(change => change.kind == 'w' ? (bool[])[false, true] : [false], (change, isHalf) => (change.at, isHalf));
        await System.Threading.Tasks.Parallel.ForEachAsync(points, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (point,
            _) =>
        {
            var farm = await MakeAsync($"{point.at}-{point.isHalf}", fill, configuration);
            var command = farm.Command("process-upload").WithEnvironment("LD_PRELOAD", library).WithEnvironment("KILL_UNDER", farm.Folder)
                .WithEnvironment("KILL_AT", point.at.ToString(CultureInfo.InvariantCulture))
                .WithEnvironment("KILL_HALF", point.isHalf ? "1" : null);
            await RunAsync(command, Killed);
            await RunAsync(farm.Command("process-upload"), 0);
            Assert.That(
                await PictureAsync(farm), Is.EqualTo(expected), $"killed at change {point.at}{(point.isHalf ? ", half written" : "")}");
            Directory.Delete(farm.Folder, recursive: true);
        });
    }

    private async Task<UploadFarm> MakeAsync(string name, Func<UploadFarm, Task> fill, string configuration)
    {
        var farm = new UploadFarm(
            _folder[name], configuration
                + "Mail: sendmail sendmail\nMail-From: Buildd <buildd@example.org>\nAdministrators: ada@example.org\n");
        // The same mail sent again has the same identification, and becomes the same file.
        await Executable.WriteAsync(
            farm["sendmail"], "#!/bin/sh\nmkdir -p \"$0.sent\"\ncat > \"$0.new.$$\"\nmv \"$0.new.$$\" \"$0.sent/$5\"\n");
        await fill(farm);
        return farm;
    }

    private static async Task RunAsync(Command command, int exitCode)
    {
        var output = new StringBuilder();
        var result = await ProcessRunner.RunAsync(command, bytes => output.Append(Encoding.UTF8.GetString(bytes)));
        Assert.That(result.ExitCode, Is.EqualTo(exitCode), output.ToString());
    }

    /// <summary>All that matters at the end, without times and what only says that somebody was here.</summary>
    private static async Task<string> PictureAsync(UploadFarm farm)
    {
        var picture = new StringBuilder();
        foreach (var build in (await farm.Builds.ListAsync(new BuildFilter())).OrderBy(build => build.Id))
            picture.Append(CultureInfo.InvariantCulture, $"{build} {build.UploadLogName} {build.Reason} {string.Join(' ', build.Files)}\n");
        foreach (var path in Directory.EnumerateFiles(farm.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(farm.Folder, path);
            if (name.EndsWith(".lock", StringComparison.Ordinal) || name.StartsWith("state/", StringComparison.Ordinal)
                || name.StartsWith("apt/db/", StringComparison.Ordinal))
                continue;
            var text = await File.ReadAllTextAsync(path, Encoding.Latin1);
            var lines = text.Replace(farm.Folder, "", StringComparison.Ordinal).Split('\n')
                .Where(line => !line.StartsWith("Date: ", StringComparison.Ordinal))
                // the sums of indexes with a date in them
                .Where(line => !name.EndsWith("Release", StringComparison.Ordinal) || line.Contains("Packages", StringComparison.Ordinal))
                .Select(
                    line => line.Contains(
                        " UTC: leaf ", StringComparison.Ordinal) ? line[line.IndexOf(" UTC: leaf ", StringComparison.Ordinal)..] : line);
            var content = Encoding.Latin1.GetBytes(string.Join('\n', lines));
            if (!name.EndsWith(".gz", StringComparison.Ordinal) && !name.EndsWith("Release", StringComparison.Ordinal))
                picture.Append(
                    CultureInfo.InvariantCulture,
                    $"{name} {content.Length} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content))[..12]}\n");
            else
                picture.Append(CultureInfo.InvariantCulture, $"{name}\n");
        }

        return picture.ToString();
    }
}
