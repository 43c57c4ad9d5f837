using Buildd.Master.Builds;
using Buildd.Master.Uploads;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Uploads;

/// <summary>The program as cron and administrators run it, with mail that goes to a real server.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class ProcessUploadCommandTests : IDisposable
{
    private const string Description =
        """{"description": {"name": "hello", "version": "2.10-3", "architecture": "amd64", "series": "bookworm", "component": "main", "creators": ["Cory Creator <cory@example.org>"], "buildUrl": "http://farm/22"}}""";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task An_upload_that_fails_is_mailed_kept_and_rescued_by_hand()
    {
        await using var server = new SmtpListener();
        var farm = new UploadFarm(_folder["farm"], $"Mail: smtp://127.0.0.1:{server.Port}\nMail-From: Buildd <buildd@example.org>\nAdministrators: Ada <ada@example.org>,\n Bo <bo@example.org>\n");
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
        Assert.That(await farm.RunAsync("retry-upload", "1"), Is.EqualTo((1, "retry-upload: PACKAGEBUILD-1 is FULLYBUILT: only a build that is FAILEDTOUPLOAD has an upload to retry.\n")));
        Assert.That((await farm.RunAsync("retry-upload", "hello")).ExitCode, Is.EqualTo(1));
    }

    [Test]
    public async Task A_dry_run_changes_nothing_at_all()
    {
        var farm = new UploadFarm(_folder["farm"]);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        UploadFarm.Spoil(farm.Incoming(await farm.UploadingAsync()));
        var before = Tree(farm.Folder);

        var (exitCode, output) = await farm.RunAsync("process-upload", "-n");

        Assert.That(exitCode, Is.Zero);
        Assert.That(output, Does.Contain("ACCEPTED 20260314-120000-PACKAGEBUILD-1").And.Contain("REJECTED 20260314-120000-PACKAGEBUILD-2"));
        Assert.That(Tree(farm.Folder), Is.EqualTo(before));
    }

    [Test]
    public async Task Who_comes_second_is_told_so_by_an_exit_code_or_waits()
    {
        var farm = new UploadFarm(_folder["farm"]);
        UploadLeaf.MakeGood(farm.Incoming(await farm.UploadingAsync()));
        (int ExitCode, string Output) second;
        Task<(int ExitCode, string Output)> third;
        using (await new UploadFolders(farm.Root).LockAsync(UploadProcessor.Context, TimeSpan.Zero, TimeProvider.System, default))
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
        Assert.That(await File.ReadAllTextAsync(farm["log"]), Does.Match(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARNING Leaf nonsense is left where it is: its name does not end in -JOBTYPE-ID\n$"));
    }

    [TestCase("Archiv: x\n", "there is no field Archiv; there are Builds, Archive")]
    [TestCase("Archive: somewhere\n", "Archive is 'somewhere', and may be 'directory FOLDER' or 'reprepro FOLDER'")]
    [TestCase("Mail: smtp://h\n", "Mail needs the field Mail-From")]
    [TestCase("Mail: http://h/\nMail-From: a@b\n", "Mail is 'http://h/', and may be")]
    [TestCase("Mail: smtp+tls://u:p@h\nMail-From: a@b\n", "the password has to stand in a file of its own")]
    [TestCase("Mail: sendmail\nMail-From: nobody\n", "\"nobody\" is not 'Name <address>' nor an address")]
    [TestCase("Mail: sendmail\nMail-From: a@b\nNotify-Owner: perhaps\n", "Notify-Owner is 'perhaps', and may be 'yes' or 'no'")]
    [TestCase("no field at all\n", "uploads.conf can't be read: ")]
    public async Task A_configuration_that_is_wrong_is_explained(string text, string message)
    {
        var farm = new UploadFarm(_folder["farm"], text);

        var (exitCode, output) = await farm.RunAsync("process-upload");

        Assert.That(exitCode, Is.EqualTo(78));
        Assert.That(output, Does.StartWith("process-upload: ").And.Contains(message));
    }

    [TestCase("-C", "insecure")]
    [TestCase("--nonsense", "x")]
    public async Task Options_that_are_wrong(string option, string value)
    {
        var farm = new UploadFarm(_folder["farm"]);

        Assert.That((await farm.RunAsync("process-upload", option, value)).ExitCode, Is.EqualTo(1));
        Assert.That(Directory.GetFileSystemEntries(farm.Root), Has.Length.EqualTo(1));
    }

    private static string Tree(string folder) => string.Join('\n', Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(path => $"{path} {File.GetLastWriteTimeUtc(path):O} {(File.Exists(path) ? new FileInfo(path).Length : 0)}"));
}
