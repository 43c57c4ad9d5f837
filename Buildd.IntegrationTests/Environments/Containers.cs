using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Processes;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>
/// Where systemd-nspawn leaves something when it is killed. Containers of other slaves are left out, another test run's among
/// them: they have other names.
/// </summary>
internal static class Containers
{
    private const string Locks = "/run/systemd/nspawn/locks";
    private const string Option = "--machine=";

    /// <summary>A lock says nothing of whose it is; another test run's slave may be about to remove what a killed one left.</summary>
    private static readonly TimeSpan LocksDeadline = TimeSpan.FromSeconds(60);

    /// <summary>The locks that are there before a test; one that was left by something else stays.</summary>
    internal static string[] FindLocks() => Entries(Locks);

    /// <summary>Nothing of the containers of a slave's builds is there.</summary>
    /// <param name="locksBefore">The locks that were there before.</param>
    /// <param name="workDirectory">Where the folders of the slave's builds are.</param>
    /// <param name="builds">What the builds are called, as no other test run's are.</param>
    internal static async Task AssertNothingIsLeftAsync(string[] locksBefore, string workDirectory, IEnumerable<string> builds)
    {
        var names = NamesOf(workDirectory, builds);
        Assert.That(names, Is.Not.Empty, "builds to look for");
        using var deadline = new CancellationTokenSource(LocksDeadline);
        List<string> stale;
        while ((stale = await StaleLocksAsync(locksBefore)).Count > 0 && !deadline.IsCancellationRequested)
            await Task.Delay(TimeSpan.FromMilliseconds(200));

        Assert.Multiple(() =>
        {
            Assert.That(stale, Is.Empty, "locks of containers");
            Assert.That(
                Entries("/run/systemd/nspawn/propagate").Select(Path.GetFileName)
                    .Where(names.Contains!), Is.Empty, "folders of containers");
            Assert.That(Entries("/run").Select(Path.GetFileName).Where(names.Contains!), Is.Empty, "stages of containers");
            Assert.That(Groups(builds), Is.Empty, "control groups of containers");
            Assert.That(Running(names), Is.Empty, "containers");
        });
    }

    /// <summary>Whether there is a container of one of the builds.</summary>
    internal static bool IsThereOne(string workDirectory, IEnumerable<string> builds) => Running(NamesOf(workDirectory, builds)).Count > 0;

    /// <summary>What a slave calls the containers of builds.</summary>
    private static HashSet<string> NamesOf(string workDirectory, IEnumerable<string> builds) =>
    [
        .. builds.Select(build => Path.Combine(workDirectory, "build-" + build))
            .Select(
                folder => "buildd-" + Convert.ToHexStringLower(
                    CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(folder)))[..20]),
    ];

    /// <summary>Whoever runs a container holds its lock, which the kernel lists with the number of the file: "00:1a:1234".</summary>
    private static async Task<List<string>> StaleLocksAsync(string[] before)
    {
        var stale = new List<string>();
        foreach (var path in FindLocks().Except(before))
        {
            var number = await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", $"stat -c %i {path} || true"));
            var held = await File.ReadAllTextAsync("/proc/locks");
            if (number.Trim() is { Length: > 0 } inode && !held.Contains($":{inode} ", StringComparison.Ordinal))
                stale.Add(path);
        }

        return stale;
    }

    private static string[] Entries(string folder) => Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder) : [];

    private static List<string> Groups(IEnumerable<string> builds) => [.. File.ReadLines("/proc/self/mountinfo")
        .Where(line => line.Contains(" - cgroup", StringComparison.Ordinal))
        .SelectMany(
            line => Directory.EnumerateDirectories(
                line.Split(' ')[4], "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }))
        .Where(path => Path.GetFileName(path) is "payload" or "supervisor"
            && builds.Any(build => ProcessScope.IsNamed(Path.GetFileName(Path.GetDirectoryName(path))!, build)))];

    private static List<string> Running(HashSet<string> names) => [.. Directory.EnumerateDirectories("/proc").Where(path =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(path, "cmdline")).Split('\0')
                .Any(word => word.StartsWith(Option, StringComparison.Ordinal) && names.Contains(word[Option.Length..]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // no process, or ended meanwhile
        }
    })];
}
