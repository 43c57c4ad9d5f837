using System.Text.Json;
using Buildd.Master.Builds;
using Buildd.Master.Uploads;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Servers;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Uploads;

/// <summary>The program as cron and administrators run it, with mail that goes to a real server.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class ProcessUploadCommandTests : IDisposable
{
    private const string Description =
        """{"description": {"name": "hello", "version": "2.10-3", "architecture": "amd64", "series": "bookworm", "component": "main", "binaries": ["hello"], "creators": ["Cory Creator <cory@example.org>"], "buildUrl": "http://farm/22"}}""";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task An_upload_that_fails_is_mailed_kept_and_rescued_by_hand()
    {
        await using var server = new SmtpListener();
        var farm = new UploadFarm(
            _folder["farm"], $"Mail: smtp://127.0.0.1:{server.Port}\nMail-From: Buildd <buildd@example.org>\nAdministrators: Ada "
                + "<ada@example.org>,\n Bo <bo@example.org>\n");
        var build = await farm.UploadingAsync(specification: Description);
        UploadFarm.Spoil(farm.Incoming(build));

        var first = await farm.RunAsync("process-upload", "-C", "buildd", "--builds");

        build = (await farm.Builds.FindAsync(build.Id))!;
        Assert.That(server.Received, Has.Count.EqualTo(4), first.Output);
        var mail = server.Received.Single(one => one.To.Single().Contains("cory@", StringComparison.Ordinal));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.ExitCode, Is.Zero, first.Output);
            Assert.That(first.Output, Does.Contain($"REJECTED {build.Leaf}").And.Contain("has the MD5"));
            Assert.That(build.State, Is.EqualTo(BuildState.FailedToUpload));
            Assert.That(File.ReadAllText(farm["queue/upload-logs/" + build.UploadLogName]), Does.Contain("has the MD5"));
            Assert.That(server.Received.Select(one => one.To.Single()), Is.EquivalentTo(new[]
            {
                "RCPT TO:<ada@example.org>", "RCPT TO:<bo@example.org>", "RCPT TO:<cory@example.org>", "RCPT TO:<jane@example.org>",
            }));
            Assert.That(mail.Headers["Subject"].Single(), Is.EqualTo("[Build #1] amd64 build of hello 2.10-3 in debian bookworm RELEASE"));
            Assert.That(mail.Headers["X-Launchpad-Build-State"].Single(), Is.EqualTo("FAILEDTOUPLOAD"));
            Assert.That(mail.Headers["X-Creator-Recipient"].Single(), Is.EqualTo("cory@example.org"));
            Assert.That(mail.Body, Does.Contain("\n * State: Failed to upload\n * Duration: 10 minutes\n"));
            Assert.That(mail.Body, Does.Contain("\nUpload log:\n").And.Contain($"\nThe leaf is rejected/{build.Leaf} in {farm.Root}.\n"));
            Assert.That(mail.Body, Does.Contain("\n-- \namd64 build of hello 2.10-3 in debian bookworm RELEASE\nhttp://farm/22\n"));
        }

        Directory.Move(Path.Combine(farm.Root, "rejected", build.Leaf!), farm.Incoming(build));
        UploadLeaf.MakeGood(farm.Incoming(build));
        var sent = server.Received.Count;
        string[] rescue = ["process-upload", "-C", "buildd", "-r", "bookworm", "-b", "1", "-J", build.Leaf!];

        var looked = await farm.RunAsync([.. rescue, "-Mvvn"]);
        Assert.That(looked.Output, Does.Contain($"ACCEPTED {build.Leaf}").And.Contain("would be Accepted"));
        Assert.That((await farm.Builds.FindAsync(1))!.State, Is.EqualTo(BuildState.FailedToUpload));
        var rescued = await farm.RunAsync([.. rescue, "-Mvv"]);

        build = (await farm.Builds.FindAsync(1))!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(rescued.ExitCode, Is.Zero, rescued.Output);
            Assert.That((build.State, build.UploadLogName), Is.EqualTo((BuildState.FullyBuilt, (string?)null)));
            Assert.That(build.Files.Select(file => file.Name), Does.Contain(UploadLeaf.DebName));
            Assert.That(File.Exists(farm["archive/debian/bookworm/PACKAGEBUILD-1/" + UploadLeaf.DebName]));
            Assert.That(server.Received, Has.Count.EqualTo(sent), "-M");
        }
    }

    [Test]
    public async Task Retry_upload_does_the_same_in_one_step()
    {
        var farm = new UploadFarm(_folder["farm"]);
        var build = await farm.UploadingAsync();
        UploadFarm.Spoil(farm.Incoming(build));
        await farm.RunAsync("process-upload");
        UploadLeaf.MakeGood(Path.Combine(farm.Root, "rejected", build.Leaf!));

        var retried = await farm.RunAsync("retry-upload", "PACKAGEBUILD-1");

        Assert.That(retried, Is.EqualTo((0, $"INFO    Leaf {build.Leaf}: Accepted. \nACCEPTED {build.Leaf}\n")));
        Assert.That(
            await farm.RunAsync("retry-upload", "1"), Is.EqualTo(
                (1, "retry-upload: PACKAGEBUILD-1 is FULLYBUILT: only a build that is FAILEDTOUPLOAD has an upload to retry.\n")));
        Assert.That((await farm.RunAsync("retry-upload", "hello")).ExitCode, Is.EqualTo(64));
    }

    [Test]
    public async Task A_dry_run_changes_nothing_at_all()
    {
        var farm = new UploadFarm(_folder["farm"]);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        UploadFarm.Spoil(farm.Incoming(await farm.UploadingAsync()));
        var before = await PictureAsync(farm);

        var (exitCode, output) = await farm.RunAsync("process-upload", "-n");

        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain("ACCEPTED 20260314-120000-PACKAGEBUILD-1").And.Contain("REJECTED 20260314-120000-PACKAGEBUILD-2"));
        Assert.That(await PictureAsync(farm), Is.EqualTo(before));
    }

    [Test]
    public async Task Who_comes_second_is_told_so_by_an_exit_code_or_waits()
    {
        var farm = new UploadFarm(_folder["farm"]);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        (int ExitCode, string Output) second;
        Task<(int ExitCode, string Output)> third;
        var path = Path.Combine(farm.Root, $"process-upload-{UploadProcessor.Context}.lock");
        using (new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            second = await farm.RunAsync("process-upload");
            third = farm.RunAsync("process-upload", "--wait", "60");
        }

        Assert.That(second.ExitCode, Is.EqualTo(75));
        Assert.That(second.Output, Does.StartWith("process-upload: Another process is processing uploads: it holds "));
        Assert.That((await third).Output, Does.Contain("ACCEPTED"));
    }

    [Test]
    public async Task Many_at_once_process_each_leaf_once()
    {
        var farm = new UploadFarm(_folder["farm"]);
        for (var i = 0; i < 4; i++)
            UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => farm.RunAsync("process-upload", "--wait", "100")));

        var said = string.Concat(runs.Select(run => run.Output));
        Assert.That(runs.Select(run => run.ExitCode), Is.All.Zero, said);
        Assert.That(said.Split('\n').Where(line => line.StartsWith("ACCEPTED ", StringComparison.Ordinal)).Order(), Is.EqualTo(
            Enumerable.Range(1, 4).Select(i => $"ACCEPTED 20260314-120000-PACKAGEBUILD-{i}")));
        Assert.That((await farm.Builds.ListAsync(new BuildFilter())).Select(build => build.State), Is.All.EqualTo(BuildState.FullyBuilt));
    }

    [Test]
    public async Task A_log_file_has_what_its_level_asks_for()
    {
        var farm = new UploadFarm(_folder["farm"]);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        Directory.CreateDirectory(Path.Combine(farm.Root, "incoming", "nonsense"));

        var (exitCode, _) = await farm.RunAsync("process-upload", "--log-file", $"WARNING:{farm["log"]}");

        Assert.That(exitCode, Is.Zero);
        Assert.That(
            await File.ReadAllTextAsync(farm["log"]), Does.Match(
                @"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING Leaf nonsense is left where it is: its name does not end in -JOBTYPE-ID\n$"));
    }

    [Test]
    public async Task A_configuration_that_is_wrong_is_explained()
    {
        var farm = new UploadFarm(_folder["farm"], "Mail: smtp://h\nTemplates: none\n");

        var (exitCode, output) = await farm.RunAsync("process-upload");

        Assert.That(
            (exitCode, output), Is.EqualTo(
                (
                    78, $"process-upload: the configuration {farm["buildd.conf"]} has mistakes:\n  Mail needs the field Mail-From, who "
                        + "mail is from\n")));
    }

    [Test]
    public async Task What_mail_needs_must_be_there()
    {
        var farm = new UploadFarm(_folder["farm"], "Mail: smtp+tls://me@h\nMail-From: a@b\nMail-Password-File: missing\n");
        await farm.Builds.FindAsync(1); // makes the store

        var (exitCode, output) = await farm.RunAsync("process-upload");

        Assert.That(exitCode, Is.EqualTo(78));
        Assert.That(output, Does.StartWith("process-upload: mail can't be sent as the configuration says: ").And.Contains("missing"));
    }

    [Test]
    public async Task Programs_get_json()
    {
        var farm = new UploadFarm(_folder["farm"]);
        var build = await farm.UploadingAsync();
        UploadFarm.Spoil(farm.Incoming(build));

        var (_, output) = await farm.RunAsync("process-upload", "-q", "--json");

        using var json = JsonDocument.Parse(output);
        var leaf = json.RootElement.EnumerateArray().Single();
        Assert.That(((string[])["leaf", "outcome", "cookie", "folder"]).Select(name => leaf.GetProperty(name).GetString()), Is.EqualTo(
            new[] { build.Leaf, "REJECTED", "PACKAGEBUILD-1", Path.Combine(farm.Root, "rejected", build.Leaf!) }));
        Assert.That(leaf.GetProperty("findings")[0].GetString(), Does.Contain("has the MD5"));
    }

    [Test]
    public async Task Another_root_can_be_named()
    {
        var farm = new UploadFarm(_folder["farm"]);
        var build = await farm.UploadingAsync();
        UploadLeaf.MakeGood(Path.Combine(farm["other/incoming"], build.Leaf!));

        var (exitCode, output) = await farm.RunAsync("process-upload", "-v", farm["other"]);

        Assert.That((exitCode, output.Split('\n')[^2]), Is.EqualTo((0, $"ACCEPTED {build.Leaf}")), output);
        Assert.That((await farm.RunAsync("process-upload", "-n", farm["missing"])).ExitCode, Is.EqualTo(1));
    }

    [TestCase("-C", "insecure")]
    [TestCase("--nonsense", "x")]
    [TestCase("-b", "hello")]
    [TestCase("--log-file", "LOUD:file")]
    public async Task Options_that_are_wrong(string option, string value)
    {
        var farm = new UploadFarm(_folder["farm"]);

        Assert.That((await farm.RunAsync("process-upload", option, value)).ExitCode, Is.EqualTo(64));
        Assert.That(Directory.GetFileSystemEntries(farm.Root), Has.Length.EqualTo(1));
    }

    /// <summary>
    /// All files and folders with their times, and the records; SQLite's own files come and go with who looks at the store.
    /// </summary>
    private static async Task<string> PictureAsync(UploadFarm farm)
    {
        var records = (await farm.Builds.ListAsync(new BuildFilter())).Select(build => $"{build} {build.Revision}");
        var files = Directory.EnumerateFileSystemEntries(farm.Folder, "*", SearchOption.AllDirectories)
            .Where(path => !path.StartsWith(farm["state"], StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O} {(File.Exists(path) ? new FileInfo(path).Length : 0)}");
        return string.Join('\n', records.Concat(files));
    }
}
