using System.Globalization;
using System.Text;

namespace Buildd.Linux.Processes;

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
    public static IReadOnlyList<ProcessInfo> RootedAt(string directory) => LinkedTo(directory, "root");

    /// <summary>The processes, zombies left out, whose working folder is <paramref name="directory"/> or lies below it.</summary>
    /// <remarks>As for <see cref="RootedAt"/>; a process can change its working folder at will, so this finds the careless ones.</remarks>
    public static IReadOnlyList<ProcessInfo> WorkingIn(string directory) => LinkedTo(directory, "cwd");

    /// <summary>
    /// The processes, zombies left out, that were started with a variable in their environment whose value is right, and
    /// their children and children's children, whatever these were started with.
    /// </summary>
    /// <remarks>Like <see cref="RootedAt"/>, of full use to root only.</remarks>
    internal static IReadOnlyList<ProcessInfo> Marked(string variable, Func<string, bool> isRight)
    {
        var pids = All().ToList();
        var found = pids.Where(pid => ValueOf(pid, variable) is { } value && isRight(value)).ToHashSet();
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

    /// <summary>
    /// A process as no other one is until the next boot: its number, which is given out again some day, and when it was
    /// started, in the kernel's ticks. Null when there is none of that number.
    /// </summary>
    internal static string? IdentityOf(int pid) =>
        ReadStat(pid) is { } stat ? string.Create(CultureInfo.InvariantCulture, $"{pid}.{stat.Started}") : null;

    internal static bool IsAlive(ProcessInfo process) => process.State is not ('Z' or 'X');

    /// <summary>The memory of a process that no file stands behind, in bytes; 0 when there is no such process.</summary>
    internal static long AnonymousBytes(int pid)
    {
        const string Field = "RssAnon:"; // "RssAnon:\t  1234 kB", proc_pid_status(5)
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal));
            return line is not null
                && long.TryParse(
                    line.AsSpan(Field.Length, line.Length - Field.Length - 2),
                    NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var kibibytes)
                ? kibibytes * 1024
                : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0; // ended between the listing and the reading
        }
    }

    private static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 1 && pid != Environment.ProcessId);

    private static int ParentOf(int pid) => ReadStat(pid)?.Parent ?? 0;

    private static (ProcessInfo Process, int Parent, string Started)? ReadStat(int pid)
    {
        try
        {
            // "pid (name) state parent …": the name may hold blanks and parentheses, so the last one counts.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var (open, close) = (stat.IndexOf('(', StringComparison.Ordinal), stat.LastIndexOf(')'));
            if (open < 0 || close < open || close + 2 >= stat.Length)
                return null;
            var fields = stat[(close + 2)..].Split(' '); // from the third on, as proc(5) counts them
            return (
                new ProcessInfo(pid, stat[(open + 1)..close], stat[close + 2]),
                fields.Length > 1 && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0,
                fields.Length > 19 ? fields[19] : "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // ended between the listing and the reading
        }
    }

    private static string? ValueOf(int pid, string variable)
    {
        try
        {
            var name = Encoding.UTF8.GetBytes(variable + "=");
            var environment = File.ReadAllBytes($"/proc/{pid}/environ");
            foreach (var part in environment.AsSpan().Split((byte)0))
            {
                if (environment.AsSpan(part).StartsWith(name))
                    return Encoding.UTF8.GetString(environment.AsSpan(part)[name.Length..]);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // ended, or not ours to look at
        }
    }

    private static IReadOnlyList<ProcessInfo> LinkedTo(string directory, string link)
    {
        var prefix = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        return [.. All().Where(pid => IsAtOrBelow(TargetOf(pid, link), prefix)).Select(Describe).OfType<ProcessInfo>().Where(IsAlive)];
    }

    private static string? TargetOf(int pid, string link)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/{link}").LinkTarget;
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
