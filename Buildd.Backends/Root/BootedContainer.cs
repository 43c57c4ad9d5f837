using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Root;

/// <summary>
/// The container that a build's system is booted in, as the kernel tells of it: nobody has to be asked or believed. Where
/// systemd-nspawn keeps something of it, and how that goes when nspawn was killed.
/// </summary>
/// <param name="build">The build's folder.</param>
internal sealed class BootedContainer(OpenedPath build)
{
    /// <summary>Where the door is in the container; nobody but root passes through the folder above.</summary>
    internal const string DoorInside = "/run/buildd/door";

    /// <summary>What nspawn keeps: locks, and folders that it hands mounts over by.</summary>
    private const string Run = "/run/systemd/nspawn";

    /// <summary>How much of a name makes it one of its own: as hexadecimal digits, half of a SHA-1.</summary>
    private const int NameDigits = 20;

    /// <summary>How long the groups may take to become empty: what is in them was killed.</summary>
    private static readonly TimeSpan GroupsDeadline = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan GroupsPollInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>All levels, no links.</summary>
    private static readonly EnumerationOptions Deep =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    /// <summary>Its name: no other build's on this machine, and one that a host may have.</summary>
    internal string Name { get; } =
        "buildd-" + Convert.ToHexStringLower(
            CryptographicOperations.HashData(HashAlgorithmName.SHA1, Encoding.UTF8.GetBytes(build.Place)))[..NameDigits];

    /// <summary>Where it is put together, in a view of the mounts of its own; only root enters it.</summary>
    internal string Stage => "/run/" + Name;

    internal string NameOption => "--machine=" + Name;

    /// <summary>
    /// The first process of the container: it is that of a process namespace right below ours, in our user namespace, and its
    /// root is the chroot. No ordinary user can make a process look so.
    /// </summary>
    /// <returns>Its number; null when no container is booted.</returns>
    internal static int? FindInit(OpenedPath chroot)
    {
        var users = LinkOf("self", "ns/user");
        foreach (var pid in Numbers())
        {
            if (IsFirstBelowUs(pid) && LinkOf(pid, "ns/user") == users && IsRootedIn(pid, chroot))
                return int.Parse(pid, CultureInfo.InvariantCulture);
        }

        return null;
    }

    /// <summary>The processes of root's that run nspawn for it, and, by <paramref name="chroot"/>, the first one in it.</summary>
    internal IEnumerable<ProcessInfo> FindProcesses(OpenedPath? chroot)
    {
        var pids = Numbers().Where(pid => StatusOf(pid, "Uid:") is ["0", ..] && HasArgument(pid, NameOption))
            .Select(pid => int.Parse(pid, CultureInfo.InvariantCulture));
        if (chroot is not null && FindInit(chroot) is { } init)
            pids = pids.Append(init);
        return pids.Select(ProcessTable.Describe).OfType<ProcessInfo>().Where(process => process.State is not ('Z' or 'X'));
    }

    /// <summary>
    /// Removes what nspawn leaves when it is killed. Only after its processes have gone; those of the container may still be on
    /// their way out, as the first of them lets go of its root before the kernel ends the rest. Their groups tell when they are out.
    /// </summary>
    internal async Task RemoveTracesAsync(string buildId, OpenedPath? chroot, TimeProvider time)
    {
        if (chroot is not null)
            RemoveFile($"{Run}/locks/inode-{chroot.Device}:{chroot.Inode}");
        RemoveEmpty($"{Run}/propagate/{Name}");
        foreach (var part in (string[])["root", "door"])
        {
            RemoveFile($"{Stage}/.#{part}.lck");
            RemoveEmpty($"{Stage}/{part}");
        }

        RemoveEmpty(Stage);
        var start = time.GetTimestamp();
        foreach (var (group, isBuilds) in FindGroups(buildId).OrderByDescending(group => group.Path.Length))
        {
            // Without a group of the build's, another build may have a container in the same one.
            while (!RemoveEmpty(group) && isBuilds && time.GetElapsedTime(start) < GroupsDeadline)
                await Task.Delay(GroupsPollInterval, time).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The control groups that nspawn makes, in the group of the build's scope where there is one, and else in our own. Where
    /// there are two hierarchies it makes the same in systemd's, which the scope knows nothing of.
    /// </summary>
    private static IEnumerable<(string Path, bool IsBuilds)> FindGroups(string buildId)
    {
        foreach (var (mount, own, isSystemds) in FindHierarchies())
        {
            var ours = Directory.Exists(mount)
                ? Directory.EnumerateDirectories(mount, "buildd-*", Deep)
                .Where(path => ProcessScope.IsNamed(Path.GetFileName(path), buildId)).ToList()
                : [];
            foreach (
                var (parent, isBuilds) in ours.Select(path => (path, true)).Append((Path.TrimEndingDirectorySeparator(mount + own), false)))
            {
                foreach (var made in (string[])["payload", "supervisor"])
                {
                    var group = Path.Combine(parent, made);
                    if (!Directory.Exists(group))
                        continue;
                    yield return (group, isBuilds);
                    foreach (var below in Directory.EnumerateDirectories(group, "*", Deep))
                        yield return (below, isBuilds);
                }
            }

            // In systemd's hierarchy nobody else removes it; in the other one it is the scope's, which needs it.
            foreach (var group in isSystemds ? ours : [])
                yield return (group, true);
        }
    }

    /// <summary>Where the hierarchies are mounted that nspawn uses, and our own group in each.</summary>
    private static IEnumerable<(string Mount, string Own, bool IsSystemds)> FindHierarchies()
    {
        var own = File.ReadAllLines("/proc/self/cgroup").Select(line => line.Split(':', 3)).Where(fields => fields.Length == 3).ToList();
        foreach (var fields in File.ReadAllLines("/proc/self/mountinfo").Select(line => line.Split(' ')))
        {
            var at = Array.IndexOf(fields, "-");
            if (at < 0 || at + 3 >= fields.Length)
                continue;
            var name = fields[at + 1] switch
            {
                "cgroup2" => "",
                "cgroup" when fields[at + 3].Split(',').Contains("name=systemd") => "name=systemd",
                _ => null,
            };
            if (name is not null && own.FirstOrDefault(group => group[1] == name) is { } group)
                yield return (fields[4], group[2], name.Length > 0);
        }
    }

    /// <summary>Whoever is still in a group keeps it; what is not empty is not ours to remove.</summary>
    /// <returns>Whether it is gone.</returns>
    private static bool RemoveEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return !Directory.Exists(folder); // it was never there, or somebody else removed it meanwhile
        }
    }

    private static void RemoveFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // then the file is not there either
        }
    }

    private static IEnumerable<string> Numbers() =>
        Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => name.All(char.IsAsciiDigit));

    private static bool IsFirstBelowUs(string pid) => StatusOf(pid, "NSpid:") is [_, "1"];

    private static bool IsRootedIn(string pid, OpenedPath chroot)
    {
        try
        {
            using var root = OpenedPath.Open($"/proc/{pid}/root", followLinks: true);
            return (root.Device, root.Inode) == (chroot.Device, chroot.Inode);
        }
        catch (Exception e) when (e is IOException or RootOperationException)
        {
            return false; // ended
        }
    }

    private static string? LinkOf(string pid, string name)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/{name}").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // ended
        }
    }

    private static bool HasArgument(string pid, string argument)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Split('\0').Contains(argument);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // ended
        }
    }

    /// <summary>The values of a line such as "NSpid:\t1234\t1" (proc_pid_status(5)).</summary>
    private static string[] StatusOf(string pid, string name)
    {
        try
        {
            return File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
                ? line[name.Length..].Split('\t', StringSplitOptions.RemoveEmptyEntries)
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // ended
        }
    }
}
