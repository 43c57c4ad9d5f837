using Buildd.Backends.Steps;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Steps;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class FetchRetryTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("fatal: unable to access 'http://h/': Could not resolve host: h")]
    [TestCase("fatal: unable to access 'http://h/': Failed to connect to h port 80 after 0 ms: Connection refused")]
    [TestCase("fatal: unable to access 'http://h/': The requested URL returned error: 503")]
    [TestCase("fatal: unable to access 'http://h/': The requested URL returned error: 429")]
    [TestCase("error: RPC failed; curl 56 Recv failure: Connection reset by peer")]
    [TestCase("fatal: early EOF")]
    public async Task What_may_pass_is_tried_again(string said)
    {
        var (code, tries) = await RunAsync(said, failures: 2);

        Assert.That((code, tries), Is.EqualTo((0, 3)));
    }

    [TestCase("fatal: repository 'http://h/' not found")]
    [TestCase("fatal: Authentication failed for 'http://h/'")]
    [TestCase("fatal: unable to access 'http://h/': The requested URL returned error: 403")]
    public async Task A_verdict_is_not(string said)
    {
        var (code, tries) = await RunAsync(said, failures: 2);

        Assert.That((code, tries), Is.EqualTo((128, 1)));
    }

    [Test]
    public async Task It_ends_some_time()
    {
        var (code, tries) = await RunAsync("fatal: early EOF", failures: 9);

        Assert.That((code, tries), Is.EqualTo((128, 3)));
    }

    private async Task<(int Code, int Tries)> RunAsync(string said, int failures)
    {
        const string Fetch = "echo >> tries; [ $(wc -l < tries) -gt $1 ] || { echo \"$2\" >&2; exit 128; }";
        var command = Command.Of("/bin/sh", "-c", FetchRetry.Script, "sh", "0 0", "sh", "-c", Fetch, "sh", $"{failures}", said) with
        {
            WorkingDirectory = _folder.Path,
        };
        var ran = await ProcessRunner.RunAsync(command, _ => { });
        return (ran.ExitCode, File.ReadAllLines(_folder["tries"]).Length);
    }
}
