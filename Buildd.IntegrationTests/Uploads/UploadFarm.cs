using System.Text;
using Buildd.Farm.Store.Sqlite;
using Buildd.Linux.Processes;
using Buildd.Master.Builds;
using Buildd.Master.Jobs.Packages;
using Buildd.Testing.Files;
using Buildd.Testing.Packages;

namespace Buildd.IntegrationTests.Uploads;

/// <summary>A folder with all that the processing of uploads needs, and the program that does it.</summary>
internal sealed class UploadFarm
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);

    internal UploadFarm(string folder, string configuration = "")
    {
        Folder = Directory.CreateDirectory(folder).FullName;
        Root = Directory.CreateDirectory(this["queue"]).FullName;
        Directory.CreateDirectory(Path.Combine(Root, "incoming"));
        var archive = configuration.Contains("Archive:", StringComparison.Ordinal) ? "" : "Archive: directory archive\n";
        File.WriteAllText(this["buildd.conf"], $"State: state\nResults: queue\n{archive}{configuration}");
    }

    internal string Folder { get; }

    internal string Root { get; }

    /// <summary>The records, in a store that is closed between calls: the program shall be alone with it.</summary>
    internal IBuildRecords Builds => new StoredBuilds(this["state/farm.sqlite"]);

    internal string this[string name] => Path.Combine(Folder, name);

    /// <summary>The command line of the program.</summary>
    internal Command Command(params string[] arguments) =>
        Buildd.Linux.Processes.Command.Of(
            Repository.Program("buildd-farm"), [arguments[0], "--config", this["buildd.conf"], .. arguments[1..]]);

    /// <summary>Runs the program, and gives back how it ended and what it said.</summary>
    internal async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var output = new StringBuilder();
        var result = await ProcessRunner.RunAsync(Command(arguments), bytes => output.Append(Encoding.UTF8.GetString(bytes)));
        return (result.ExitCode, output.ToString());
    }

    /// <summary>A build whose results lie in <c>incoming/</c>, or are about to.</summary>
    /// <param name="change">Changes the package, which is hello 2.10-3 for amd64 in bookworm.</param>
    /// <param name="specification">Replaces the specification, which is the package's.</param>
    /// <param name="leaf">The leaf's name.</param>
    internal async Task<Build> UploadingAsync(
        Func<PackageSpecification, PackageSpecification>? change = null, string? specification = null, string? leaf = null)
    {
        var hello = new PackageSpecification
        {
            Source = "hello",
            Version = "2.10-3",
            Series = "bookworm",
            ArchTag = "amd64",
            Files = [],
            Binaries = ["hello"],
        };
        var build = (change?.Invoke(hello) ?? hello).ToNewBuild();
        var added = (await Builds.AddAsync(
            [specification is null ? build : build with { Specification = Encoding.UTF8.GetBytes(specification) }])).Single();
        var building = (await Builds.TryReplaceAsync([added.Dispatched($"builder{added.Id}", Noon)])).Single()!;
        var gathering = (await Builds.TryReplaceAsync([building.GatheringInto(leaf ?? $"20260314-120000-{added.Cookie}")])).Single()!;
        return (await Builds.TryReplaceAsync([gathering.HandedOver([], Noon.AddMinutes(10))])).Single()!;
    }

    internal string Incoming(Build build) => Path.Combine(Root, "incoming", build.Leaf!);

    /// <summary>A leaf whose package is another than its <c>.changes</c> says.</summary>
    internal static UploadLeaf Spoil(string path)
    {
        var leaf = UploadLeaf.MakeGood(path);
        var bytes = File.ReadAllBytes(leaf[UploadLeaf.DebName]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(leaf[UploadLeaf.DebName], bytes);
        return leaf;
    }

    private sealed class StoredBuilds(string path) : IBuildRecords
    {
        public Task<IReadOnlyList<Build>> AddAsync(IReadOnlyList<NewBuild> builds, CancellationToken cancellationToken = default) =>
            WithAsync(store => store.AddAsync(builds, cancellationToken));

        public Task<Build?> FindAsync(long id, CancellationToken cancellationToken = default) =>
            WithAsync(store => store.FindAsync(id, cancellationToken));

        public Task<ReadOnlyMemory<byte>?> FindSpecificationAsync(long id, CancellationToken cancellationToken = default) =>
            WithAsync(store => store.FindSpecificationAsync(id, cancellationToken));

        public Task<IReadOnlyList<Build>> ListAsync(BuildFilter filter, CancellationToken cancellationToken = default) =>
            WithAsync(store => store.ListAsync(filter, cancellationToken));

        public Task<IReadOnlyList<Build?>> TryReplaceAsync(IReadOnlyList<Build> builds, CancellationToken cancellationToken = default) =>
            WithAsync(store => store.TryReplaceAsync(builds, cancellationToken));

        private async Task<T> WithAsync<T>(Func<IBuildRecords, Task<T>> work)
        {
            await using var store = await SqliteStore.OpenAsync(path);
            return await work(store.Builds);
        }
    }
}
