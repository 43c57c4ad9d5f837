using System.Globalization;
using System.Text;

namespace Buildd.Processes;

/// <summary>A process that is there, as /proc tells it.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Name">The kernel's short name of it, at most 15 characters.</param>
/// <param name="State">The state's letter: R running, S sleeping, D waiting for a device, T stopped, Z ended and not collected.</param>
public sealed record ProcessInfo(int Pid, string Name, char State)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Pid} ({Name}, state {State})";
}

/// <summary>Finds processes in /proc. Safe to call from any thread.</summary>
public static class ProcessTable
{
    /// <summary>The processes, zombies left out, whose root folder is <paramref name="directory"/> or lies below it.</summary>
    /// <remarks>
    /// That catches whatever runs in a chroot, however it got there and whoever its parent is now. Without the right to
    /// look at a process of another user that process is not seen, so this is of full use to root only.
    /// </remarks>
    public static IReadOnlyList<ProcessInfo> RootedAt(string directory)
    {
        var prefix = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        return [.. All().Where(pid => IsAtOrBelow(RootOf(pid), prefix)).Select(Describe).OfType<ProcessInfo>().Where(IsAlive)];
    }

    /// <summary>
    /// The processes, zombies left out, that were started with a variable (<c>NAME=value</c>) in their environment, and
    /// their children and children's children, whatever these were started with.
    /// </summary>
    /// <remarks>Like <see cref="RootedAt"/>, of full use to root only.</remarks>
    internal static IReadOnlyList<ProcessInfo> Marked(string variable)
    {
        var mark = Encoding.UTF8.GetBytes(variable + "\0");
        var pids = All().ToList();
        var found = pids.Where(pid => HasVariable(pid, mark)).ToHashSet();
        var children = pids.Where(pid => !found.Contains(pid)).ToLookup(ParentOf);
        var open = new Queue<int>(found);
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in children[parent].Where(found.Add))
                open.Enqueue(child);
        }

        return [.. found.Select(Describe).OfType<ProcessInfo>().Where(IsAlive)];
    }

    /// <summary>What /proc tells about a process, or null when there is none of that number.</summary>
    public static ProcessInfo? Describe(int pid) => ReadStat(pid)?.Process;

    internal static bool IsAlive(ProcessInfo process) => process.State is not ('Z' or 'X');

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 1 && pid != Environment.ProcessId);

    private static int ParentOf(int pid) => ReadStat(pid)?.Parent ?? 0;

    private static (ProcessInfo Process, int Parent)? ReadStat(int pid)
    {
        try
        {
            // "pid (name) state parent …": the name may hold blanks and parentheses, so the last one counts.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var (open, close) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(')'));
            if (open < 0 || close < open || close + 2 >= stat.Length)
                return null;
            var parent = stat[(close + 2)..].Split(' ', 3);
            return (
                new ProcessInfo(pid, stat[(open + 1)..close], stat[close + 2]),
                parent.Length > 1 && int.TryParse(parent[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // ended between the listing and the reading
        }
    }

    private static bool HasVariable(int pid, ReadOnlySpan<byte> variable)
    {
        try
        {
            var environment = File.ReadAllBytes($"/proc/{pid}/environ").AsSpan();
            for (var at = environment.IndexOf(variable); at >= 0; at = environment.IndexOf(variable))
            {
                if (at == 0 || environment[at - 1] == 0)
                    return true;
                environment = environment[(at + 1)..]; // the end of another variable
            }

            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // ended, or not ours to look at
        }
    }

    private static string? RootOf(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/root").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // ended, or not ours to look at
        }
    }

    private static bool IsAtOrBelow(string? path, string prefix) =>
        path is not null
        && path.StartsWith(prefix, StringComparison.Ordinal)
        && (path.Length == prefix.Length || path[prefix.Length] == '/' || path.AsSpan(prefix.Length).SequenceEqual(" (deleted)"));
}
