using Buildd.Backends.BinaryPackage;
using Buildd.Debian.Relations;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.BinaryPackage;

/// <summary>The indexes of a real apt, which has an archive in a folder and nothing else of this machine.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RealAptTests : IDisposable
{
    private const string Index =
        "Package: a\nVersion: 1.0\nFilename: ./a.deb\nSize: 1\nMD5sum: d41d8cd98f00b204e9800998ecf8427e\nProvides: b (= 2)\n\n";

    private readonly TemporaryDirectory _folder = new();
    private bool _hasHelper = true;

    private string Lists => _folder["lists"];

    public void Dispose() => _folder.Dispose();

    [TestCase(true, "_Packages.lz4")]
    [TestCase(false, "_Packages")]
    public async Task Indexes_are_read_whether_they_are_compressed_or_not(
        bool isCompressed, string ending, CancellationToken cancellationToken)
    {
        await UpdateAsync(isCompressed, cancellationToken);
        Assert.That(Directory.GetFiles(Lists, "*_Packages*").Single(), Does.EndWith(ending));

        Assert.That(await ReadAsync(cancellationToken), Is.EqualTo((1, "a (= 1.0), b (>= 2)")));
    }

    [Test]
    public async Task Without_the_helper_plain_indexes_are_read_and_compressed_ones_refused(CancellationToken cancellationToken)
    {
        _hasHelper = false;
        Assert.That(await ReadAsync(cancellationToken), Is.EqualTo((0, "")), "no lists at all");

        await UpdateAsync(isCompressed: false, cancellationToken);
        Assert.That(await ReadAsync(cancellationToken), Is.EqualTo((1, "a (= 1.0), b (>= 2)")));

        await File.WriteAllTextAsync(Path.Combine(Lists, "x_Packages.lz4"), "", cancellationToken);
        Assert.That(async () => await ReadAsync(cancellationToken), Throws.InstanceOf<IOException>().With.Message.Contains("compressed"));
    }

    private async Task UpdateAsync(bool isCompressed, CancellationToken cancellationToken)
    {
        foreach (var name in (string[])["archive", "etc", "lists/partial", "cache/archives/partial"])
            Directory.CreateDirectory(_folder[name]);
        await File.WriteAllTextAsync(Path.Combine(_folder["archive"], "Packages"), Index, cancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(_folder["etc"], "sources.list"), $"deb [trusted=yes] copy:{_folder["archive"]} ./\n", cancellationToken);
        await File.WriteAllTextAsync(_folder["status"], "", cancellationToken);
        await File.WriteAllTextAsync(
            _folder["apt.conf"],
            $"""
            Dir::State::lists "{Lists}";
            Dir::State::status "{_folder["status"]}";
            Dir::Cache "{_folder["cache"]}";
            Dir::Etc "{_folder["etc"]}";
            Acquire::AllowInsecureRepositories "true";
            Acquire::Languages "none";
            Acquire::GzipIndexes "{(isCompressed ? "true" : "false")}";
            APT::Sandbox::User "root";

            """,
            cancellationToken);
        await ProcessRunner.CaptureAsync(Apt(Command.Of("apt-get", "update")), cancellationToken);
    }

    private async Task<(long Packages, string Satisfied)> ReadAsync(CancellationToken cancellationToken)
    {
        var groups = RelationGroup.ParseList("a (= 1.0), b (>= 2), c");
        var matcher = new RelationMatcher(groups);
        var packages = await new ChrootPackageIndexes(RunAsync).ReadAsync(matcher, cancellationToken);
        return (packages, string.Join(", ", groups.Where(matcher.IsSatisfied)));
    }

    private async Task<int> RunAsync(Command command, OutputWriter output, CancellationToken cancellationToken)
    {
        if (command.File == "/usr/lib/apt/apt-helper" && !_hasHelper)
            return 127;
        var here = command with
        {
            Arguments = [.. command.Arguments.Select(text => text.Replace("/var/lib/apt/lists", Lists, StringComparison.Ordinal))],
        };
        return (await ProcessRunner.RunAsync(Apt(here), output, null, cancellationToken)).ExitCode;
    }

    private Command Apt(Command command) => command.WithEnvironment("APT_CONFIG", _folder["apt.conf"]);
}
