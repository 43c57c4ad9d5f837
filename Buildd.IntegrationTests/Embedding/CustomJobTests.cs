using System.Text;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Embedding;

/// <summary>The sample with a kind of job of its own, and the slave sample that builds it: each a process.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class CustomJobTests : IAsyncDisposable
{
    private readonly SampleProcess _slave = new(Path.Combine(AppContext.BaseDirectory, "EmbeddedSlave.dll"));
    private readonly TemporaryDirectory _root = new();

    public async ValueTask DisposeAsync()
    {
        await _slave.DisposeAsync();
        _root.Dispose();
    }

    [Test]
    public async Task The_sample_gives_the_sums_that_the_slave_has_computed(CancellationToken cancellationToken)
    {
        var client = await _slave.StartAsync();

        var (exit, output) =
            await RunAsync([$"{client.Url}", _root.Path, "http://127.0.0.1:1/hello.txt", _slave.Put("hello")], cancellationToken);

        Assert.That((exit, output.TrimEnd()), Is.EqualTo((0, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  input")));
    }

    private static async Task<(int Exit, string Output)> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var result = await ProcessRunner.RunAsync(
            Command.Of("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "CustomJob.dll"), .. arguments]),
            bytes => output.Append(Encoding.UTF8.GetString(bytes)), cancellationToken: cancellationToken);
        return (result.ExitCode, output.ToString());
    }
}
