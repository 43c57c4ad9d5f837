using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads.Checks;

/// <summary>A good leaf. Each test spoils it in one way, unless it says otherwise, and reads the findings.</summary>
public abstract class UploadCheckFixture : IDisposable
{
    private protected static readonly DateTimeOffset Now = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    private protected readonly TemporaryDirectory _folder = new();
    private protected readonly UploadLeaf _leaf;

    private protected UploadCheckFixture()
    {
        Machine.Require(File.Exists("/usr/bin/dpkg-deb"), "dpkg-deb");
        _leaf = UploadLeaf.MakeGood(_folder["leaf"]);
    }

    public void Dispose() => _folder.Dispose();

    private protected static UploadTarget Target =>
        new() { Architecture = "amd64", Source = "hello", SourceVersion = "2.10-3", Suite = "bookworm" };

    private protected Task<UploadCheckResult> CheckAsync(UploadPolicy? policy = null, string? leaf = null, UploadTarget? target = null) =>
        new UploadCheck(policy, new FixedTime(Now)).CheckAsync(leaf ?? _leaf.Path, target ?? Target);

    private protected async Task<List<string>> RejectedAsync(string finding)
    {
        var result = await CheckAsync();
        var texts = result.Findings.Where(one => !one.IsWarning).Select(one => one.Text).ToList();
        Assert.That(result.Upload, Is.Null);
        Assert.That(texts, Has.Some.Contains(finding));
        return texts;
    }
}
