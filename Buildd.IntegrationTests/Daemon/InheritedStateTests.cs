using System.Security.Cryptography;
using Buildd.Linux.Processes;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Daemon;

/// <summary>
/// Whoever starts the slave, builds are the same: the real daemon is started in odd ways, and what a plug-in and what a command in a
/// chroot find is compared with what they find where nothing is odd.
/// </summary>
[CancelAfter(900_000)]
public sealed class InheritedStateTests
{
    private const string Ready = " listens at ";

    /// <summary>So many daemons are started at a time: a small machine is kept busy and no more.</summary>
    private const int AtATime = 4;

    /// <summary>The mark before each line of a report in a build's log.</summary>
    private const string Mark = "state: ";

    private static readonly string Report = Scripts.Text(typeof(InheritedStateTests), "Daemon/report-state.sh");

    private static readonly string MakeChroot = Scripts.Text(typeof(InheritedStateTests), "Environments/make-small-chroot.sh");

    [Test]
    public async Task Builds_and_modes_are_the_same_whoever_starts_the_slave()
    {
        Machine.Require(CurrentUser.IsRoot, "root, for chroots and to be favoured");
        using var folder = new TemporaryDirectory();
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", MakeChroot, "sh", "1") with { WorkingDirectory = folder.Path });
        var chroot = Path.Combine(folder.Path, "small.tar.gz");
        await ReportInChrootAsync(folder.Path);
        var plain = await SeeAsync(new OddStarter("nothing"), chroot);
        Assert.That(plain, Has.Some.StartsWith("plug-in: umask").And.Some.StartsWith("chroot: umask"), string.Join('\n', plain));

        using var places = new SemaphoreSlim(AtATime);
        var odd = await Task.WhenAll(OddStarter.All.Select(async starter =>
        {
            await places.WaitAsync();
            try
            {
                return (starter, Seen: await SeeAsync(starter, chroot));
            }
            catch (Exception e) when (e is AssertionException or SlaveException or HttpRequestException or TimeoutException)
            {
                return (starter, Seen: [e.Message]);
            }
            finally
            {
                places.Release();
            }
        }));

        Assert.Multiple(() =>
        {
            foreach (var (starter, seen) in odd)
                Assert.That(Differences(Without(plain, starter), Without(seen, starter)), Is.Empty, starter.Name);
        });
    }

    /// <summary>The lines that are in one of them only.</summary>
    private static IEnumerable<string> Differences(string[] plain, string[] seen) =>
        [.. plain.Except(seen).Select(line => $"- {line}"), .. seen.Except(plain).Select(line => $"+ {line}")];

    private static string[] Without(IEnumerable<string> seen, OddStarter starter) =>
        [.. seen.Where(line => !starter.Kept.Any(kept => line.Contains($": {kept}", StringComparison.Ordinal)))];

    /// <summary>Has the small chroot's apt-get report what it finds, and fail.</summary>
    private static Task<string> ReportInChrootAsync(string folder) => ProcessRunner.CaptureAsync(Command.Of(
        "sh", "-c",
        "printf '#!/bin/sh\\n%s\\nexit 3\\n' \"$1\" > chroot-autobuild/usr/bin/apt-get && tar -czf small.tar.gz chroot-autobuild",
        "sh", $"{{ {Report}\n}} | while read -r line; do echo \"{Mark}$line\"; done")
        with
    { WorkingDirectory = folder });

    /// <summary>Starts a slave, has it build, and tells what the builds found and how they ended.</summary>
    private static async Task<IReadOnlyList<string>> SeeAsync(OddStarter starter, string chroot)
    {
        using var folder = new TemporaryDirectory();
        foreach (var name in (string[])["home", "filecache", "backends.d"])
            Directory.CreateDirectory(folder[name]);
        await Executable.WriteAsync(folder["report"], $"#!/bin/sh\n{{ {Report}\n}} > ../results/report\n");
        await File.WriteAllTextAsync(folder["backends.d/report.conf"], $"[backend]\ntag = report\ncommand = {folder["report"]}\n");
        await File.WriteAllTextAsync(
            folder["buildd.conf"],
            $"[builder]\nfilecache = {folder["filecache"]}\nworkpath = {folder["home"]}\nbindhost = 127.0.0.1\nbindport = 0\n"
            + $"backends = {folder["backends.d"]}\nlog = {folder["log"]}\nenvironment = chroot\n");
        var command = Command.Of(Repository.Program("buildd-slave"), "--config", folder["buildd.conf"]);
        if (starter.Words.Length > 0)
            command = command.Behind(starter.Words[0], starter.Words[1..]);
        await using var program = RunningProgram.Start(command);
        await Until.TrueAsync(
            () => program.Ended.IsCompleted || (File.Exists(folder["log"]) && File.ReadAllText(folder["log"]).Contains(Ready)),
            more: () => $"{starter.Name}: {program.Output}");
        if (program.Ended.IsCompleted)
            throw new AssertionException(program.Output);
        var address = File.ReadAllText(folder["log"]).Split(Ready)[1].Split('\n', ' ')[0];

        using var http = new HttpClient();
        var slave = new SlaveClient(http, new SlaveClientOptions { Url = new Uri(address) });
        var seen = new List<string>();
        var status = await BuildAsync(slave, "report", Put(folder, File.ReadAllBytes(chroot)), []);
        seen.Add($"plug-in: {status.BuildStatus}");
        var report = await http.GetStringAsync(new Uri(slave.Url, $"filecache/{status.FileMap!["report"]}"));
        seen.AddRange(report.Replace(folder.Path, "FOLDER").TrimEnd('\n').Split('\n').Select(line => $"plug-in: {line}"));
        seen.AddRange(Modes(folder["filecache"]).Append(Modes(folder.Path).Single(mode => mode.StartsWith("log "))));
        await slave.CleanAsync();

        var dsc = Put(folder, "Format: 3.0 (native)\nSource: killed\nVersion: 1.0\n"u8.ToArray());
        status = await BuildAsync(slave, "binarypackage", Put(folder, File.ReadAllBytes(chroot)), new() { ["killed_1.0.dsc"] = dsc });
        seen.Add($"chroot: {status.BuildStatus}");
        var log = await http.GetStringAsync(new Uri(slave.Url, "filecache/buildlog"));
        seen.AddRange(log.Split('\n').Where(line => line.StartsWith(Mark)).Select(line => $"chroot: {line[Mark.Length..]}").Distinct());
        await slave.CleanAsync();
        seen.Add($"ended with {await program.StopAsync()}");
        return seen;
    }

    private static IEnumerable<string> Modes(string folder) => Directory.EnumerateFiles(folder)
        .Where(file => !file.EndsWith(".tmp", StringComparison.Ordinal))
        .Select(file => $"{(Path.GetFileName(file) is { Length: 40 } ? "a sum" : Path.GetFileName(file))} {File.GetUnixFileMode(file)}")
        .Distinct().Order();

    private static async Task<StatusReply> BuildAsync(SlaveClient slave, string tag, string chroot, Dictionary<string, string> files)
    {
        var reply = await slave.BuildAsync(new BuildCall
        {
            BuildId = "STATE-1",
            Builder = tag,
            ChrootSha1 = chroot,
            FileMap = files,
            Arguments = new XmlRpcStruct { ["series"] = "bookworm", ["suite"] = "bookworm", ["ogrecomponent"] = "main" },
        });
        Assert.That(reply.Answer, Is.EqualTo(BuildAnswer.Building), reply.Text);
        return await Until.SeenAsync(() => slave.StatusAsync(), status => status.Status == BuilderStatus.Waiting);
    }

    private static string Put(TemporaryDirectory folder, byte[] content)
    {
        var sha1 = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, content));
        File.WriteAllBytes(folder[$"filecache/{sha1}"], content);
        return sha1;
    }
}
