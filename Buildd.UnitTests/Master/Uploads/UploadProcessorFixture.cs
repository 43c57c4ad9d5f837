using System.Text;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Master.Jobs.Packages;
using Buildd.Master.Mail;
using Buildd.Master.Uploads;
using Buildd.Master.Uploads.Archives;
using Buildd.Master.Uploads.Checks;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Master.Mail;
using Buildd.UnitTests.Testing;

namespace Buildd.UnitTests.Master.Uploads;

/// <summary>A queue of uploads, an archive in a folder, and mail that is kept.</summary>
public abstract class UploadProcessorFixture : IDisposable
{
    private protected readonly TemporaryDirectory _folder = new();
    private protected readonly FixedTime _time = new(new DateTimeOffset(2026, 3, 14, 12, 0, 0, TimeSpan.Zero));
    private protected readonly RecordingLogger<UploadProcessor> _logger = new();
    private protected readonly RecordingTransport _mail = new();
    private protected readonly InMemoryBuilds _builds;
    private protected readonly UploadProcessor _processor;

    private protected UploadProcessorFixture()
    {
        Machine.Require(File.Exists("/usr/bin/dpkg-deb"), "dpkg-deb");
        _builds = new InMemoryBuilds(_time);
        _processor = Processor(new DirectoryArchive(_folder["archive"]));
        Directory.CreateDirectory(Root);
    }

    private protected static IJobKind[] Kinds { get; } = [new PackageJobKind(), new LiveFsJobKind()];

    private protected static NewBuild Hello { get; } = new PackageSpecification
    {
        Source = "hello",
        Version = "2.10-3",
        Series = "bookworm",
        ArchTag = "amd64",
        Files = [],
        Binaries = ["hello"],
        Requester = "Cory Creator <cory@example.org>",
    }.ToNewBuild();

    private protected string Root => _folder["queue"];

    public void Dispose() => _folder.Dispose();

    /// <summary>Every name below a folder, with what files have in them.</summary>
    private protected static string Tree(string folder)
    {
        var text = new StringBuilder();
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            text.Append(Path.GetRelativePath(folder, path));
            text.Append(
                Directory.Exists(path)
                    ? "/\n" : new FileInfo(path).Length == 0 ? "\n"
                    : $" {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path)))} "
                    + $"{File.GetLastWriteTimeUtc(path):O}\n");
        }

        return text.ToString();
    }

    private protected static void Spoil(string path)
    {
        var leaf = UploadLeaf.MakeGood(path);
        File.Delete(leaf[UploadLeaf.BuildInfoName]);
        var bytes = File.ReadAllBytes(leaf[UploadLeaf.DebName]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(leaf[UploadLeaf.DebName], bytes);
    }

    private protected IEnumerable<string?> Names(string folder) => Directory.EnumerateFileSystemEntries(_folder[folder])
        .Select(path => (string?)Path.GetFileName(path)).Order(StringComparer.Ordinal);

    private protected string Incoming(Build build) => Path.Combine(Root, "incoming", build.Leaf!);

    private protected UploadProcessor Processor(
        IArchive archive, TimeProvider? time = null, TimeSpan wait = default, UploadPolicy? policy = null) => new(
        new UploadProcessorOptions { Root = Root, LockWait = wait, Policy = policy ?? new UploadPolicy() },
        _builds,
        archive,
        Kinds,
        new MailNotifier(MailBench.Options, _mail, _builds, Kinds),
        time ?? _time,
        _logger);

    private protected async Task<Build> BuildingAsync(NewBuild? build = null)
    {
        var added = (await _builds.AddAsync([build ?? Hello])).Single();
        return (await _builds.TryReplaceAsync([added.Dispatched($"builder{added.Id}", _time.GetUtcNow())])).Single()!;
    }

    private protected async Task<Build> UploadingAsync(NewBuild? build = null)
    {
        var building = await BuildingAsync(build);
        var gathering = (await _builds.TryReplaceAsync([building.GatheringInto($"20260314-120000-{building.Cookie}")])).Single()!;
        return (await _builds.TryReplaceAsync([gathering.HandedOver([], _time.GetUtcNow())])).Single()!;
    }

    private protected async Task<Build> FullyBuiltAsync() =>
        (await _builds.TryReplaceAsync([(await UploadingAsync()).Uploaded()])).Single()!;
}
