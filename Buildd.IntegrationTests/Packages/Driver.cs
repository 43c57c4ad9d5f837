using System.Text.Json;
using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Programs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Packages;

/// <summary>A master in another network namespace: Python's, from the folder <c>Data</c>.</summary>
/// <param name="process">A process that is in that namespace.</param>
/// <param name="port">The slave's port.</param>
internal sealed class Driver(int process, int port = 8221)
{
    private static readonly string Script = Path.Combine(Repository.Root, "Buildd.IntegrationTests", "Packages", "Data", "drive.py");

    /// <summary>Makes a call without arguments.</summary>
    internal Task<JsonElement> CallAsync(string method) => RunAsync("call", method);

    internal async Task<(int Code, string Said)> TryAsync(params string[] words) => await DebianSystem.TryAsync(Do(words));

    /// <summary>Waits for a status.</summary>
    internal Task<JsonElement> WaitAsync(string status) => RunAsync("wait", $"BuilderStatus.{status}");

    /// <summary>Has a build begin, and gives the status when it is waiting, or its log has a text.</summary>
    internal async Task<JsonElement> StartAsync(string id, IReadOnlyList<string> source, string until = "WAITING")
    {
        var (suite, architecture) = await BuildEnvironment.ReleaseAsync();
        return await RunAsync(["start", until, id, await BuildEnvironment.ChrootAsync(), suite, architecture, .. source]);
    }

    /// <summary>Serves an archive without packages at the port, until it is disposed of.</summary>
    internal async Task<RunningProgram> ServeArchiveAsync() =>
        await RunningProgram.StartAsync(Do(["archive", (await BuildEnvironment.ReleaseAsync()).Suite]), "ready\n");

    /// <summary>A file of the cache.</summary>
    internal async Task<string> FetchAsync(string name)
    {
        var (code, said) = await TryAsync("fetch", name);
        Assert.That(code, Is.Zero, said);
        return said;
    }

    /// <summary>What a file in a <c>.deb</c> of the cache holds.</summary>
    internal async Task<string> UnpackAsync(string sha1, string copy, string member)
    {
        var fetch = Do(["fetch", sha1]).Behind("sh", "-c", "out=$1; shift; \"$@\" > \"$out\"", "sh", copy);
        Assert.That(await DebianSystem.TryAsync(fetch), Is.EqualTo((0, "")));
        return await DebianSystem.RunOnHostAsync("sh", "-c", "dpkg-deb --fsys-tarfile \"$0\" | tar -xO \"$1\"", copy, member);
    }

    private async Task<JsonElement> RunAsync(params string[] words)
    {
        var (code, said) = await TryAsync(words);
        Assert.That(code, Is.Zero, said);
        using var document = JsonDocument.Parse(said);
        return document.RootElement.Clone();
    }

    private Command Do(string[] words) =>
        Command.Of("nsenter", ["--target", $"{process}", "--net", "--", "python3", Script, $"http://127.0.0.1:{port}/", .. words]);
}
