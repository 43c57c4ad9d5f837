using System.Globalization;

namespace Buildd.Linux.Processes;

/// <summary>
/// A control group (version 2) of our own, below the one we run in: what is started in it can be killed as a whole, in
/// one write, whatever it forked and whoever owns it now.
/// </summary>
/// <remarks>
/// Sources: cgroups(7), and the kernel's description of <c>cgroup.kill</c> (kernel 5.14 and later). A controller is
/// switched on only where a limit asks for it: the kernel has that only above groups without processes beside them, which
/// systemd's <c>DelegateSubgroup=</c> makes. Elsewhere the group is made below one that has processes, and has no limits.
/// </remarks>
internal sealed partial class ControlGroup
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>All levels, no links; what can't be looked into is passed over.</summary>
    private static readonly EnumerationOptions Below =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    private readonly string _directory;

    private ControlGroup(string directory) => _directory = directory;

    /// <summary>The file that a process writes its own number to in order to join.</summary>
    internal string JoinFile => Path.Combine(_directory, "cgroup.procs");

    /// <summary>Makes a group, or returns null where there is no writable version 2 hierarchy or the kernel is too old.</summary>
    /// <param name="name">The group's name.</param>
    /// <param name="limits">What controllers are for; set afterwards, with <see cref="Limit"/>.</param>
    internal static ControlGroup? TryCreate(string name, ScopeLimits limits)
    {
        try
        {
            return FindPlaces().Select(place => TryCreate(place, name, limits)).FirstOrDefault(group => group is not null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // no such hierarchy
        }
    }

    /// <summary>Makes a group in a folder.</summary>
    internal static ControlGroup? TryCreate(string place, string name, ScopeLimits limits)
    {
        try
        {
            if (limits.MemoryBytes > 0)
                SwitchOn(place, "memory");
            if (limits.Processes > 0)
                SwitchOn(place, "pids");
            var directory = Path.Combine(place, name);
            Directory.CreateDirectory(directory);
            if (File.Exists(Path.Combine(directory, "cgroup.kill")))
                return new ControlGroup(directory);

            Directory.Delete(directory);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // read-only or not delegated to us: the callers have other means
        }
    }

    /// <summary>
    /// The groups that programs which are gone left behind, of those whose name <paramref name="isOne"/> takes. They are
    /// looked for everywhere: the next start of a program may well be in another group than the last.
    /// </summary>
    internal static IReadOnlyList<ControlGroup> FindLeft(Func<string, bool> isOne)
    {
        try
        {
            return FindMount() is { } mount
                ? [.. Directory.EnumerateDirectories(mount, "*", Below).Where(path => isOne(Path.GetFileName(path))).Select(
                    path => new ControlGroup(path))]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>
    /// Removes the groups without processes that programs which are gone left behind, of those whose name <paramref name="isOne"/> takes.
    /// Only where this program makes its own: elsewhere the number of a process may be that of another machine in a container.
    /// </summary>
    internal static void RemoveLeft(Func<string, bool> isOne)
    {
        try
        {
            foreach (var path in FindPlaces().SelectMany(Directory.GetDirectories).Where(path => isOne(Path.GetFileName(path))))
                new ControlGroup(path).TryRemove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // no such hierarchy
        }
    }

    /// <summary>Sends SIGKILL to all in the group; returns at once, they may take a moment to go.</summary>
    internal void Kill()
    {
        try
        {
            File.WriteAllText(Path.Combine(_directory, "cgroup.kill"), "1");
        }
        catch (DirectoryNotFoundException)
        {
            // removed before: nobody is in it
        }
    }

    /// <summary>The processes that are in the group now, or in a group that somebody made below it.</summary>
    internal IReadOnlyList<ProcessInfo> Members()
    {
        try
        {
            return [.. Groups().SelectMany(Numbers).Select(ProcessTable.Describe).OfType<ProcessInfo>().Where(ProcessTable.IsAlive)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Removes the group, waiting a moment for the kernel to notice that its last process is gone.</summary>
    internal async Task RemoveAsync(TimeProvider time, TimeSpan deadline)
    {
        var start = time.GetTimestamp();
        while (Directory.Exists(_directory))
        {
            try
            {
                RemoveFolders();
            }
            catch (IOException) when (time.GetElapsedTime(start) < deadline)
            {
                await Task.Delay(PollInterval, time).ConfigureAwait(false);
            }
            catch (IOException)
            {
                return; // something lives in it still; an empty folder in a virtual file system is all that stays
            }
        }
    }

    /// <summary>Removes a group that never had a process.</summary>
    internal void RemoveEmpty() => Directory.Delete(_directory);

    private void TryRemove()
    {
        try
        {
            RemoveFolders();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // it has processes, has gone meanwhile, or is another account's
        }
    }

    private void RemoveFolders()
    {
        foreach (var group in Groups().Reverse())
            Directory.Delete(group); // rmdir: a group's files are not real and go with it
    }

    /// <summary>The group's folder and all below it, a folder before what is in it.</summary>
    private IEnumerable<string> Groups() =>
        Directory.EnumerateDirectories(_directory, "*", Below).OrderBy(path => path, StringComparer.Ordinal).Prepend(_directory);

    private static List<int> Numbers(string group)
    {
        try
        {
            return [.. File.ReadLines(Path.Combine(group, "cgroup.procs")).Select(line => int.Parse(line, NumberStyles.None,
                CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // removed meanwhile: nobody is in it
        }
    }

    /// <summary>Where groups of ours may be made, the better place first.</summary>
    private static IEnumerable<string> FindPlaces()
    {
        var own = FindOwn();
        return FindMount() is { } mount
            && own is not null ? PlacesFor(own).Select(place => Path.Join(mount, place)).Where(Directory.Exists) : [];
    }

    /// <summary>
    /// A process in a group below a systemd unit was put there so that it can make groups beside its own, which may have
    /// controllers; otherwise there is only the group that it is in.
    /// </summary>
    internal static IEnumerable<string> PlacesFor(string own) =>
        Path.GetDirectoryName(own) is { } parent && IsUnit(parent) && !IsUnit(own) ? [parent, own] : [own];

    private static bool IsUnit(string group) => Path.GetExtension(group) is ".service" or ".scope" or ".slice";

    /// <summary>Moves this process from a unit's group into one below it; false where it is in no such group or may not.</summary>
    internal static bool EnterBelowUnit(string name)
    {
        try
        {
            if (FindOwn() is not { } own || !IsUnit(own) || FindMount() is not { } mount)
                return false;
            var group = Path.Join(mount, own, name);
            Directory.CreateDirectory(group);
            File.WriteAllText(Path.Combine(group, "cgroup.procs"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // not delegated to us, or no such hierarchy
        }
    }

    /// <summary>The group that this process is in.</summary>
    private static string? FindOwn() => File.ReadLines("/proc/self/cgroup")
        .Where(line => line.StartsWith("0::", StringComparison.Ordinal))
        .Select(line => line[3..])
        .FirstOrDefault();

    /// <summary>Where the version 2 hierarchy is mounted.</summary>
    private static string? FindMount() =>
        // mountinfo: "36 35 0:32 / /sys/fs/cgroup rw … - cgroup2 cgroup2 rw"; the path is the fifth field.
        File.ReadLines("/proc/self/mountinfo")
            .Where(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[4])
            .FirstOrDefault();
}
