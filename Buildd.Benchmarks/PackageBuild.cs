using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Buildd.Benchmarks.Harness;
using Buildd.Benchmarks.Peers;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Benchmarks;

/// <summary>What a builder costs a package: the time that a build takes beside that of sbuild itself and of updating the chroot.</summary>
/// <remarks>
/// The first build on a slave is the cold one: whatever an environment keeps for the next is not there yet, and methods are not
/// compiled. sbuild's own time goes from the line that announces its start to the last that it writes, as they appear in the log.
/// </remarks>
internal sealed class PackageBuild : IBenchmark
{
    private const string Package = "hello";

    private const double AgreedAim = 1 / 1.05;

    /// <summary>Odd, so that the median is a figure that was measured.</summary>
    private const int WarmBuilds = 3;

    /// <summary>How exact the times are.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    public string Question => "How much does building 'hello' take beside sbuild's own time and updating the chroot?";

    public async Task<IReadOnlyList<Row>> RunAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess || PeerProcess.FindMissing("sbuild", "schroot", "mmdebstrap") is not null)
            throw new BenchmarkException("building a package needs root, sbuild, schroot and mmdebstrap");
        // The account that builds has to get in.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        await using var slave = await MeasuredSlave.StartAsync(folder, cancellationToken);
        var call = await PrepareAsync(folder, slave.CacheDirectory, cancellationToken);

        var cold = await BuildAsync(slave, call, 0, cancellationToken);
        var warm = new List<Times>();
        for (var i = 1; i <= WarmBuilds; i++)
            warm.Add(await BuildAsync(slave, call, i, cancellationToken));
        return
        [
            Row("call to sbuild's first line, cold", [cold.ToFirstLine]),
            Row("call to sbuild's first line, warm", warm.Select(times => times.ToFirstLine)),
            Row("sbuild's end to WAITING, cold", [cold.ToWaiting]),
            Row("sbuild's end to WAITING, warm", warm.Select(times => times.ToWaiting)),
            new Row(
                new Quantity("whole build, warm, against sbuild and the update alone", "s") { IsCost = true, Aim = AgreedAim },
                [.. warm.Select(times => times.Whole)], [.. warm.Select(times => times.Needed)]),
        ];

        static Row Row(string name, IEnumerable<double> figures) =>
            new(new Quantity(name, "s") { IsCost = true }, [.. figures], []) { PeerMissing = "part of the row below" };
    }

    /// <summary>Puts the chroot and the source into the cache, as a master would have them fetched.</summary>
    private static async Task<BuildCall> PrepareAsync(string folder, string cache, CancellationToken cancellationToken)
    {
        var farm = Path.Combine(AppContext.BaseDirectory, "buildd-farm.dll");
        var chroot = (await PeerProcess.RunAsync("dotnet", [farm, "chroot"], cancellationToken)).Trim();
        var sources = Directory.CreateDirectory(Path.Combine(folder, "source")).FullName;
        await PeerProcess.RunAsync("dotnet", [farm, "source", Package, "--output", sources], cancellationToken);
        var files = new Dictionary<string, string>();
        foreach (var path in Directory.GetFiles(sources))
            files[Path.GetFileName(path)] = await AddAsync(path);
        var suite = (await PeerProcess.RunAsync("sh", ["-c", ". /etc/os-release; echo $VERSION_CODENAME"], cancellationToken)).Trim();
        return new BuildCall
        {
            BuildId = "",
            Builder = WireNames.Managers.BinaryPackage,
            ChrootSha1 = await AddAsync(chroot),
            FileMap = files,
            Arguments = new XmlRpcStruct
            {
                [WireNames.ArgumentNames.Series] = suite,
                [WireNames.ArgumentNames.Suite] = suite,
                [WireNames.ArgumentNames.OgreComponent] = "main",
                [WireNames.ArgumentNames.ArchTag] = (await PeerProcess.RunAsync("dpkg", ["--print-architecture"], cancellationToken))
                    .Trim(),
            },
        };

        async Task<string> AddAsync(string path)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
            hash.AppendData(await File.ReadAllBytesAsync(path, cancellationToken));
            var sum = Convert.ToHexStringLower(hash.GetHashAndReset());
            File.Copy(path, Path.Combine(cache, sum));
            return sum;
        }
    }

    private static async Task<Times> BuildAsync(MeasuredSlave slave, BuildCall call, int number, CancellationToken cancellationToken)
    {
        var log = Path.Combine(slave.CacheDirectory, WireNames.BuildLog);
        var start = Stopwatch.GetTimestamp();
        var reply = await slave.Client.BuildAsync(call with { BuildId = $"BENCH-{number}" }, cancellationToken);
        if (reply.Answer != BuildAnswer.Building)
            throw new BenchmarkException($"the build was not taken: {reply}");
        var started = await WaitForAsync(log, " sbuild -c ", start, cancellationToken);
        var firstLine = await WaitForAsync(log, "sbuild (Debian sbuild)", start, cancellationToken);
        var ended = await WaitForAsync(log, "\nBuild needed ", start, cancellationToken);
        StatusReply status;
        while ((status = await slave.Client.StatusAsync(cancellationToken)).Status != BuilderStatus.Waiting)
            await Task.Delay(LookInterval, cancellationToken);
        var whole = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (status.BuildStatus != BuildStatus.Ok)
            throw new BenchmarkException(
                $"the build ended with {status.BuildStatus}: {await File.ReadAllTextAsync(log, cancellationToken)}");
        var update = ((XmlRpcArray)status.Extra[WireNames.Members.Phases]).Cast<XmlRpcStruct>()
            .Where(phase => phase[WireNames.Members.PhaseName] is XmlRpcString { Value: "update" })
            .Sum(phase => ((XmlRpcDouble)phase[WireNames.Members.PhaseSeconds]).Value);
        await slave.Client.CleanAsync(cancellationToken);
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"build {number}: {whole:0.0} s, sbuild {ended - started:0.0} s, update {update:0.0} s"));
        return new Times(firstLine, whole - ended, whole, ended - started + update);
    }

    /// <summary>
    /// When a text is in the log for the first time, in seconds since the call. The log of a package is small enough to be read again.
    /// </summary>
    private static async Task<double> WaitForAsync(string log, string text, long start, CancellationToken cancellationToken)
    {
        var found = "";
        while (!found.Contains(text, StringComparison.Ordinal))
        {
            if (found.Contains("\nThe build used: ", StringComparison.Ordinal))
                throw new BenchmarkException($"the build ended before '{text.Trim()}': {found}");
            await Task.Delay(LookInterval, cancellationToken);
            found = File.Exists(log) ? await File.ReadAllTextAsync(log, cancellationToken) : "";
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <param name="ToFirstLine">From the call to sbuild's first line, in seconds as all of these.</param>
    /// <param name="ToWaiting">From sbuild's last line to WAITING.</param>
    /// <param name="Whole">From the call to WAITING.</param>
    /// <param name="Needed">What sbuild and the update took.</param>
    private sealed record Times(double ToFirstLine, double ToWaiting, double Whole, double Needed);
}
