using System.Globalization;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Soak;

/// <summary>The size of what may leak, at one moment.</summary>
/// <param name="Processes">Each process that is watched.</param>
/// <param name="Mounts">The number of mounts below the slaves' folders.</param>
/// <param name="ControlGroups">The number of control groups that the processes have made.</param>
/// <param name="Temporary">The names in the folder for temporary files, and of the builds' folders.</param>
internal sealed record Sizes(
    IReadOnlyList<ProcessSize> Processes, int Mounts, int ControlGroups, IReadOnlyList<string> Temporary)
{
    /// <summary>Memory is not given back at once; a leak of a kilobyte with each of the hour's requests is much more.</summary>
    private const long MaxMemoryGrowth = 24;

    /// <summary>Connections and builds come and go.</summary>
    private const int MaxDescriptorGrowth = 24;

    /// <summary>The mounts of one build more that runs at that moment.</summary>
    private const int MaxMountGrowth = 8;

    private const int MaxOtherGrowth = 4;

    /// <summary>The names that stay in a slave's work folder between its builds.</summary>
    private static readonly string[] Kept = ["bases", "builder.journal", "builder.lock"];

    /// <summary>Measures.</summary>
    /// <param name="processes">Names and numbers of processes.</param>
    /// <param name="slaves">The folders of slaves.</param>
    /// <param name="temporary">The folder for temporary files of all processes.</param>
    internal static Sizes Measure(
        IReadOnlyList<(string Name, int ProcessId)> processes, IReadOnlyList<string> slaves, string temporary) => new(
        [.. processes.Select(process => ProcessSize.Of(process.Name, process.ProcessId))],
        File.ReadLines("/proc/self/mountinfo").Count(line => slaves.Any(slave => line.Contains(slave, StringComparison.Ordinal))),
        CountControlGroups(processes),
        [
            .. Directory.GetFileSystemEntries(temporary).Where(path => !IsOfRuntime(Path.GetFileName(path), processes)),
            .. slaves.SelectMany(slave => Directory.GetFileSystemEntries(Path.Combine(slave, "home")))
                .Where(path => !Kept.Contains(Path.GetFileName(path))),
        ]);

    /// <summary>The control groups that the processes have made; 0 where there are none of version 2.</summary>
    private static int CountControlGroups(IReadOnlyList<(string Name, int ProcessId)> processes)
    {
        var root = File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[4]).FirstOrDefault();
        var folders = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true };
        return root is null ? 0 : Directory.EnumerateDirectories(root, "buildd-*", folders).Count(path =>
            processes.Any(process => Path.GetFileName(path).StartsWith($"buildd-{process.ProcessId}.", StringComparison.Ordinal)));
    }

    /// <summary>Compares the medians of two windows.</summary>
    internal static void AssertNothingGrew(IReadOnlyList<Sizes> first, IReadOnlyList<Sizes> last) => Assert.Multiple(() =>
    {
        for (var number = 0; number < first[0].Processes.Count; number++)
        {
            var name = first[0].Processes[number].Name;
            AssertIsSteady($"memory of {name}, MiB", sizes => sizes.Processes[number].Memory, MaxMemoryGrowth);
            AssertIsSteady($"descriptors of {name}", sizes => sizes.Processes[number].Descriptors, MaxDescriptorGrowth);
        }

        AssertIsSteady("mounts", sizes => sizes.Mounts, MaxMountGrowth);
        AssertIsSteady("control groups", sizes => sizes.ControlGroups, MaxOtherGrowth);
        AssertIsSteady("temporary files", sizes => sizes.Temporary.Count, MaxOtherGrowth);

        void AssertIsSteady(string name, Func<Sizes, long> figure, long allowance) =>
            Assert.That(Median(last, figure), Is.LessThanOrEqualTo(Median(first, figure) + allowance), name);
    });

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{string.Join(", ", Processes)}, {Mounts} mounts, {ControlGroups} control groups, {Temporary.Count} temporary files");

    /// <summary>Whether it is for debuggers of a process that runs.</summary>
    private static bool IsOfRuntime(string name, IReadOnlyList<(string Name, int ProcessId)> processes) =>
        (name.StartsWith("dotnet-diagnostic-", StringComparison.Ordinal) || name.StartsWith("clr-debug-pipe-", StringComparison.Ordinal))
        && processes.Any(process => name.Contains($"-{process.ProcessId}-", StringComparison.Ordinal));

    private static long Median(IReadOnlyList<Sizes> sizes, Func<Sizes, long> figure) =>
        sizes.Select(figure).Order().ElementAt(sizes.Count / 2);
}

/// <summary>The size of a process.</summary>
/// <param name="Name">The process's name, for people.</param>
/// <param name="Memory">Its resident memory, in MiB.</param>
/// <param name="Descriptors">The number of its open descriptors.</param>
internal sealed record ProcessSize(string Name, long Memory, int Descriptors)
{
    /// <summary>Reads it from <c>/proc</c>.</summary>
    internal static ProcessSize Of(string name, int processId) => new(
        name,
        long.Parse(
            File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))[6..^2],
            NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) >> 10,
        Directory.GetFileSystemEntries($"/proc/{processId}/fd").Length);

    public override string ToString() => $"{Name} {Memory} MiB and {Descriptors} descriptors";
}
