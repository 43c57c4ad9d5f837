using System.Text.RegularExpressions;
using Buildd.Processes;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>Where systemd-nspawn leaves something when it is killed. Other containers of the machine are left out.</summary>
internal static partial class Containers
{
    private const string Locks = "/run/systemd/nspawn/locks";
    private const string Option = "--machine=";

    /// <summary>The locks that are there before a test; one that was left by something else stays.</summary>
    internal static string[] FindLocks() => Entries(Locks);

    /// <summary>Nothing of a container of ours is there.</summary>
    /// <param name="before">The locks that were there before.</param>
    internal static async Task AssertNothingIsLeftAsync(string[] before)
    {
        // Whoever runs a container holds its lock, which the kernel lists with the number of the file: "00:1a:1234".
        var held = await File.ReadAllTextAsync("/proc/locks");
        var stale = new List<string>();
        foreach (var path in FindLocks().Except(before))
        {
            var number = await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", $"stat -c %i {path} || true"));
            if (number.Trim() is { Length: > 0 } inode && !held.Contains($":{inode} ", StringComparison.Ordinal))
                stale.Add(path);
        }

        Assert.Multiple(() =>
        {
            Assert.That(stale, Is.Empty, "locks of containers");
            Assert.That(Ours(Entries("/run/systemd/nspawn/propagate")), Is.Empty, "folders of containers");
            Assert.That(Ours(Entries("/run")), Is.Empty, "stages of containers");
            Assert.That(Groups(), Is.Empty, "control groups of containers");
            Assert.That(Running(), Is.Empty, "containers");
        });
    }

    private static string[] Entries(string folder) => Directory.Exists(folder) ? Directory.GetFileSystemEntries(folder) : [];

    private static IEnumerable<string> Ours(IEnumerable<string> paths) =>
        paths.Where(path => Name().IsMatch(Path.GetFileName(path)));

    private static List<string> Groups() => [.. File.ReadLines("/proc/self/mountinfo")
        .Where(line => line.Contains(" - cgroup", StringComparison.Ordinal))
        .SelectMany(line => Directory.EnumerateDirectories(line.Split(' ')[4], "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }))
        .Where(path => Path.GetFileName(path) is "payload" or "supervisor" && path.Contains("/buildd-", StringComparison.Ordinal))];

    private static List<string> Running() => [.. Directory.EnumerateDirectories("/proc").Where(path =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(path, "cmdline")).Split('\0').Any(word => word.StartsWith(Option, StringComparison.Ordinal) && Name().IsMatch(word[Option.Length..]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // no process, or ended meanwhile
        }
    })];

    /// <summary>What a slave calls its containers. A test of the packages has others.</summary>
    [GeneratedRegex("^buildd-[0-9a-f]{20}$")]
    private static partial Regex Name();
}
