using System.Diagnostics;
using Buildd.Backends.BinaryPackage;
using Buildd.Backends.Environments;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Testing.Files;

namespace Buildd.Benchmarks;

/// <summary>How long does it take until a build can begin in a fresh Debian system, and until that is gone again?</summary>
/// <remarks>
/// Ours is a build whose list of archives is empty: it ends after the system was unpacked and mounted, and is cleaned up
/// like any other; what is counted are these phases, as <c>status</c> tells them. The peer is a script that does by hand
/// what the reference does: tar, mount, umount, rm.
/// </remarks>
internal sealed class Environments : IBenchmark
{
    private const string BuildId = "BENCHMARK-1";

    private static readonly string Script = Scripts.Text(typeof(Environments), "unpack-by-hand.sh");

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private static readonly HashSet<string> Counted = ["unpack", "mount", "umount", "cleanup"];

    public string Question =>
        "How long does a build's system take to be prepared and removed, against a shell script that does it by hand?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        if (!CurrentUser.IsRoot)
            throw new BenchmarkException("chroots need root");
        var tarball = (await PeerProcess.RunAsync(Path.Combine(AppContext.BaseDirectory, "buildd-farm"), ["chroot"], cancellationToken))
            .Trim();
        // Not below TMPDIR, which may be in memory: builds are on a disk.
        var place = Directory.CreateDirectory($"/var/tmp/buildd-bench-{Guid.NewGuid():N}").FullName;
        try
        {
            await using var chroots = await StartAsync(place, "chroot", EnvironmentKind.Chroot, cancellationToken);
            await using var overlays = await StartAsync(place, "overlay", EnvironmentKind.Overlay, cancellationToken);
            var sha1 = (await PeerProcess.RunAsync("sha1sum", [tarball], cancellationToken))[..40];
            foreach (var slave in (MeasuredSlave[])[chroots, overlays])
                File.Copy(tarball, Path.Combine(slave.CacheDirectory, sha1));

            var source = await File.ReadAllBytesAsync(tarball, cancellationToken); // into the kernel's memory, for all alike
            GC.KeepAlive(source);
            return
            [
                .. await Rounds.MeasureAsync(
                    [
                        new Quantity("a chroot, unpacked for the build", "s") { IsCost = true },
                        new Quantity("an overlay, the first of its tarball", "s") { IsCost = true },
                        new Quantity("an overlay, any further", "s") { IsCost = true, Aim = 10 },
                    ],
                    async () =>
                    {
                        await PeerProcess.RunAsync(
                            "rm", ["-rf", "--one-file-system", Path.Combine(place, "overlay", "work", "bases", sha1)], cancellationToken);
                        return
                        [
                            await BuildAsync(chroots, sha1, cancellationToken),
                            await BuildAsync(overlays, sha1, cancellationToken),
                            await BuildAsync(overlays, sha1, cancellationToken),
                        ];
                    },
                    async () =>
                    {
                        var start = Stopwatch.GetTimestamp();
                        await PeerProcess.RunAsync(
                            "/bin/sh", ["-c", Script, "sh", Path.Combine(place, "by-hand"), tarball], cancellationToken);
                        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                        return [seconds, seconds, seconds];
                    },
                    warmUps: 0),
            ];
        }
        finally
        {
            await PeerProcess.RunAsync("rm", ["-rf", "--one-file-system", place], CancellationToken.None);
        }
    }

    private static Task<MeasuredSlave> StartAsync(string place, string name, EnvironmentKind kind, CancellationToken cancellationToken) =>
        MeasuredSlave.StartAsync(
            Directory.CreateDirectory(Path.Combine(place, name)).FullName, cancellationToken,
            new BinaryPackageBackend(new BinaryPackageOptions { Environment = kind }));

    /// <summary>How many seconds the phases took that are counted.</summary>
    private static async Task<double> BuildAsync(MeasuredSlave slave, string sha1, CancellationToken cancellationToken)
    {
        var reply = await slave.Client.BuildAsync(
            new BuildCall
            {
                BuildId = BuildId,
                Builder = "binarypackage",
                ChrootSha1 = sha1,
                FileMap = new Dictionary<string, string> { ["none_1.0.dsc"] = sha1 }, // never looked at
                Arguments = new XmlRpcStruct
                {
                    ["series"] = "bookworm",
                    ["suite"] = "bookworm",
                    ["ogrecomponent"] = "main",
                    ["archives"] = new XmlRpcArray([]),
                },
            },
            cancellationToken);
        if (reply.Answer != BuildAnswer.Building)
            throw new BenchmarkException($"the build was not taken: {reply}");

        StatusReply status;
        while ((status = await slave.Client.StatusAsync(cancellationToken)).Status != BuilderStatus.Waiting)
            await Task.Delay(PollInterval, cancellationToken);
        if (status.BuildStatus != BuildStatus.ChrootFail || status.Extra["failure_cause"] is not XmlRpcString { Value: "sources" })
            throw new BenchmarkException(
                "the build ended otherwise than it was to: "
                    + $"{await File.ReadAllTextAsync(Path.Combine(slave.CacheDirectory, "buildlog"), cancellationToken)}");
        await slave.Client.CleanAsync(cancellationToken);
        return ((XmlRpcArray)status.Extra["phases"]).Cast<XmlRpcStruct>()
            .Where(phase => Counted.Contains(((XmlRpcString)phase["name"]).Value))
            .Sum(phase => ((XmlRpcDouble)phase["seconds"]).Value);
    }
}
