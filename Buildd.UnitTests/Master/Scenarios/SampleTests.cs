using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using NUnit.Framework;
using static Buildd.UnitTests.Master.Replies;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>The sample that builds ten packages, as a program of its own, with two slaves that fetch its inputs.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class SampleTests
{
    [Test]
    public async Task Ten_source_packages_are_built_on_two_slaves_and_give_their_debs(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder["in"]);
        await File.WriteAllTextAsync(Path.Combine(folder["in"], "chroot-bookworm-amd64.tar.gz"), "a chroot", cancellationToken);
        for (var i = 0; i < 10; i++)
            WriteSource(folder["in"], $"pkg{i}");
        await using var one = await SlaveAsync();
        await using var two = await SlaveAsync();

        var (exit, output) =
            await RunAsync(folder.Path, ["bookworm", "amd64", folder["in"], folder["out"], $"{one.Url}", $"{two.Url}"], cancellationToken);

        Assert.That(exit, Is.Zero, output);
        Assert.That(
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(10)
                .And.All.StartsWith("Successfully built: amd64 build of pkg"));
        Assert.That(Directory.GetFiles(folder["out"], "*.deb", SearchOption.AllDirectories).Select(path => Path.GetFileName(path)).Order(),
            Is.EqualTo(Enumerable.Range(0, 10).Select(i => $"pkg{i}_1.0_amd64.deb")));
        Assert.That(one.CountStarting("build ") + two.CountStarting("build "), Is.EqualTo(10));
        Assert.That(Math.Min(one.CountStarting("build "), two.CountStarting("build ")), Is.GreaterThan(0));
    }

    [Test]
    public async Task What_fails_is_said_and_is_the_exit_code(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder["in"]);
        await File.WriteAllTextAsync(Path.Combine(folder["in"], "chroot-bookworm-amd64.tar.gz"), "a chroot", cancellationToken);
        WriteSource(folder["in"], "bad");
        await using var slave = await SlaveAsync();
        slave.OnBuild = _ => slave.End(BuildStatus.PackageFail);

        var (exit, output) =
            await RunAsync(folder.Path, ["bookworm", "amd64", folder["in"], folder["out"], $"{slave.Url}"], cancellationToken);

        Assert.That((exit, output), Is.EqualTo((1, output)));
        Assert.That(output, Does.Contain("Failed to build: amd64 build of bad 1.0"));
    }

    [Test]
    public void The_sample_is_short() =>
        Assert.That(File.ReadLines(Path.Combine(Repository.Root, "samples", "BuildTen", "Program.cs")).Count(), Is.LessThan(80));

    private static async Task<(int Exit, string Output)> RunAsync(string folder, string[] arguments, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var command = Command.Of("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "BuildTen.dll"), .. arguments])
            .WithEnvironment("BUILDTEN_URL", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}")) with
        { WorkingDirectory = folder };
        var result = await ProcessRunner.RunAsync(
            command, bytes => output.Append(Encoding.UTF8.GetString(bytes)), cancellationToken: cancellationToken);
        return (result.ExitCode, output.ToString());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A slave that downloads what it is told of, checks it, and "builds" a .deb of the source's name.</summary>
    private static async Task<SocketSlave> SlaveAsync()
    {
        var slave = await SocketSlave.StartAsync();
        var http = new HttpClient();
        slave.OnEnsurePresent = call =>
        {
            using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, call.Url));
            using var content = answer.Content.ReadAsStream();
            var found = Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.SHA1, content));
            return new EnsurePresentReply(found == call.Sha1, found);
        };
        slave.OnBuild = _ =>
        {
            var source = slave.LastBuild!.FileMap.Keys.First().Split('_')[0];
            using var folder = new TemporaryDirectory();
            var leaf = UploadLeaf.Make(folder.Path);
            (leaf.Fields["Source"], leaf.Fields["Binary"], leaf.Fields["Version"]) = (source, source, "1.0");
            leaf.AddDeb($"{source}_1.0_amd64.deb", DebFile.ControlOf(source, "1.0", "amd64"));
            leaf.WriteChanges($"{source}_1.0_amd64.changes");
            var made = Directory.GetFiles(folder.Path).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
            foreach (var content in made.Values)
                slave.Files[Sha1Of(content)] = content;
            slave.Log("built\n");
            slave.EndWith(BuildStatus.Ok, [.. made.Select(file => (file.Key, Sha1Of(file.Value)))]);
        };
        return slave;
    }

    private static string Md5(string text) =>
        Convert.ToHexStringLower(CryptographicOperations.HashData(HashAlgorithmName.MD5, Bytes(text)));

    private static void WriteSource(string folder, string name)
    {
        var tar = $"the tarball of {name}";
        File.WriteAllText(Path.Combine(folder, $"{name}_1.0.tar.gz"), tar);
        File.WriteAllText(Path.Combine(folder, $"{name}_1.0.dsc"),
            $"""
            Format: 3.0 (native)
            Source: {name}
            Binary: {name}
            Architecture: any
            Version: 1.0
            Checksums-Sha256:
             {Sha256(tar)} {tar.Length} {name}_1.0.tar.gz
            Files:
             {Md5(tar)} {tar.Length} {name}_1.0.tar.gz

            """);
    }
}
