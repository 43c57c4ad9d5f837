using System.Text;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Master.Jobs;
using Buildd.Master.Uploads.Checks;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Builds;

/// <summary>Inputs that Debian's tools read, and that are easily thought wrong.</summary>
[NonParallelizable]
[CancelAfter(300_000)]
public class OddInputTests : BinaryPackageFixture
{
    [Test]
    public async Task Comments_among_the_archives_empty_armour_headers_and_a_changelog_in_Latin_1_are_no_trouble()
    {
        var job = await JobAsync(
            Cases.Source("latin1-changelog"), key: await File.ReadAllBytesAsync(Cases.PathOf("key-empty-armour-header", "key.asc")));
        job = With(With(job, "arch_indep", true), "archives", new XmlRpcArray(await ArchivesAsync()));

        var outcome = await RunAsync(job);

        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), outcome.Story);
        Assert.That(outcome.Log, Does.Contain("apt trusts EFBF149A9FF58C3DCAB9D87BB3E2D88A3B6A4614"));
        Assert.That(
            outcome.Files.Select(file => Path.GetExtension(file.Name)), Is.EquivalentTo((string[])[".changes", ".buildinfo", ".deb"]));
        var changes = await File.ReadAllBytesAsync(Path.Combine(outcome.Folder!, $"t-latin1b_1.0_{Architecture}.changes"));
        Assert.That(Encoding.Latin1.GetString(changes), Does.Contain("Changed-By: François Müller <f@example.org>\n"));
    }

    [Test]
    public async Task A_dsc_with_text_after_its_signature_waits_for_what_is_missing()
    {
        var outcome = await RunAsync(await JobAsync(Cases.Source("dsc-text-after-signature")));

        Assert.That((outcome.Status, outcome.Dependencies), Is.EqualTo((BuildStatus.DepFail, "nope-missing (>= 1)")), outcome.Story);
    }

    [TestCase("section-golang", null)]
    [TestCase("priority-unknown", "with the unknown priority")]
    [TestCase("translations-architecture", null)]
    [TestCase("section-byhand", null)]
    [TestCase("changed-by-windows-1252", null)]
    public async Task What_is_built_of_it_is_an_upload_that_is_accepted(string name, string? warning)
    {
        var outcome = await RunAsync(With(await JobAsync(Cases.Source(name)), "arch_indep", true));
        Assert.That(outcome.Status, Is.EqualTo(BuildStatus.Ok), outcome.Story);

        var check = await new UploadCheck().CheckAsync(outcome.Folder!, new UploadTarget());

        Assert.That(check.Upload, Is.Not.Null, string.Join('\n', check.Findings));
        Assert.That(check.Findings, Has.Count.EqualTo(warning is null ? 0 : 1));
        Assert.That(check.Findings.Select(finding => finding.Text), Has.All.Contains(warning ?? ""));
    }

    /// <summary>The lines of the case, with the addresses of what this test's server has.</summary>
    private async Task<IEnumerable<XmlRpcValue>> ArchivesAsync()
    {
        var (suite, _) = await BuildEnvironment.ReleaseAsync();
        var flat = Directory.CreateDirectory(Folder["flat"]).FullName;
        await ProcessRunner.CaptureAsync(
            Command.Of("sh", "-c", "apt-ftparchive packages . > Packages && apt-ftparchive release . > Release") with
            {
                WorkingDirectory = flat,
            });
        var small = (await SmallArchive.ServeAsync(Server)).Split(' ')[2];
        var lines = await File.ReadAllLinesAsync(Cases.PathOf("archives-comments", "archives.txt"));
        return lines.Select(line => (XmlRpcValue)line
            .Replace("http://127.0.0.1:8000/repo bookworm", $"{small} {suite}", StringComparison.Ordinal)
            .Replace("http://127.0.0.1:8000/flat", Server.AddFolder("flat", flat), StringComparison.Ordinal));
    }

    private static BuildJob With(BuildJob job, string name, XmlRpcValue value) => job with
    {
        Arguments = new XmlRpcStruct(job.Arguments.Where(argument => argument.Key != name).Append(new(name, value))),
    };
}
