using System.Globalization;

namespace Buildd.Linux.Processes;

/// <summary>
/// What belongs together: everything started in a scope, and everything that lives in the root folders given to it, can
/// be ended as a whole.
/// </summary>
/// <remarks>
/// Two means, both used where both are there: a control group, which a process cannot leave by forking, by changing its
/// session or its user; and the search for processes whose root folder is a chroot of ours, which works everywhere for
/// root. Where no control group can be made, as in many containers, a variable in the environment of all that is started
/// stands in for it; that misses a process which has both emptied its environment and left its parents. Methods may be
/// called from any thread.
/// </remarks>
public sealed class ProcessScope : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the kernel may take to let go of an emptied control group.</summary>
    private static readonly TimeSpan RemoveDeadline = TimeSpan.FromSeconds(5);

    /// <summary>The variable that tells whose a process is, where there is no control group to tell it.</summary>
    private const string MarkVariable = "BUILDD_SCOPE";

    private const string Prefix = "buildd-";

    private static readonly string Own = ProcessTable.IdentityOf(Environment.ProcessId)!;

    private static int _count;

    private readonly IReadOnlyList<ControlGroup> _groups;
    private readonly string? _mark;
    private readonly Func<IEnumerable<ProcessInfo>> _others;
    private readonly TimeProvider _time;

    private ProcessScope(IReadOnlyList<ControlGroup> groups, string? mark, Func<IEnumerable<ProcessInfo>> others, TimeProvider time)
    {
        _groups = groups;
        _mark = mark;
        _others = others;
        _time = time;
    }

    /// <summary>Whether a control group stands behind this scope; without one, a process that takes pains to hide is not found.</summary>
    public bool HasControlGroup => _groups.Count > 0;

    /// <summary>
    /// Removes the empty control groups that programs which were killed left behind, beside those of this program. For the start of a
    /// program that runs for long: nobody else takes them away outside of a systemd unit.
    /// </summary>
    public static void RemoveLeft() => ControlGroup.RemoveLeft(IsOfDeadProgram);

    /// <summary>The control group's controllers that would have to be on for the limits of this scope and are not.</summary>
    public IReadOnlyList<string> MissingControllers { get; private init; } = [];

    internal string? JoinFile => _groups.Count > 0 ? _groups[0].JoinFile : null;

    /// <summary>What a command of the scope has to have in its environment.</summary>
    internal IEnumerable<KeyValuePair<string, string?>> Variables =>
        _mark is null ? [] : [KeyValuePair.Create<string, string?>(MarkVariable, _mark)];

    /// <summary>Opens a scope.</summary>
    /// <param name="name">For the control group's name, so that a person who looks finds what it is about.</param>
    /// <param name="rootDirectory">
    /// A folder that processes of the scope have as their root, such as a chroot; it need not be there yet.
    /// </param>
    /// <param name="time">The clock; null means the system's.</param>
    /// <param name="withControlGroup">
    /// Whether to have a control group if that can be; not for a program that was started in one for the purpose, nor for
    /// what may outlive its starter.
    /// </param>
    /// <param name="limits">What its processes may use; <see cref="MissingControllers"/> tells whether that can be kept.</param>
    public static ProcessScope Open(
        string name, string? rootDirectory = null, TimeProvider? time = null, bool withControlGroup = true, ScopeLimits? limits = null)
    {
        limits ??= ScopeLimits.None;
        var mark = MarkOf(name);
        return Open(mark, withControlGroup ? ControlGroup.TryCreate(mark, limits) : null, rootDirectory, time, limits);
    }

    /// <summary>Opens a scope over a control group, or over a mark where there is none.</summary>
    internal static ProcessScope Open(string mark, ControlGroup? group, string? rootDirectory, TimeProvider? time, ScopeLimits limits) =>
        new(
        group is null ? [] : [group],
        group is null ? mark : null,
        () => (group is null ? ProcessTable.Marked(MarkVariable, value => value == mark) : [])
            .Concat(rootDirectory is null ? [] : ProcessTable.RootedAt(rootDirectory)),
        time ?? TimeProvider.System)
        {
            MissingControllers = group?.Limit(limits) ?? ControllersFor(limits),
        };

    /// <summary>Opens a scope over whatever a search finds: nothing is started in it.</summary>
    /// <param name="find">Finds the processes that belong together, as they are now; no ended ones.</param>
    /// <param name="time">The clock; null means the system's.</param>
    public static ProcessScope OpenOver(Func<IEnumerable<ProcessInfo>> find, TimeProvider? time = null) =>
        new([], null, find, time ?? TimeProvider.System);

    /// <summary>Which of the controllers that limits need this process can't have for its scopes; empty when all is well.</summary>
    public static IReadOnlyList<string> FindMissingControllers(ScopeLimits limits)
    {
        if (ControllersFor(limits).Count == 0)
            return [];
        if (ControlGroup.TryCreate(MarkOf("probe"), limits) is not { } group)
            return ControllersFor(limits);
        try
        {
            return group.Limit(limits);
        }
        finally
        {
            group.RemoveEmpty();
        }
    }

    /// <summary>
    /// Opens the scope that a program which was killed had open: the same name finds its control group, and the folder finds
    /// whatever has its root or its working folder in there.
    /// </summary>
    /// <param name="name">The name that it was opened with.</param>
    /// <param name="directory">The folder that everything in the scope was about.</param>
    /// <param name="time">The clock; null means the system's.</param>
    public static ProcessScope OpenLeft(string name, string directory, TimeProvider? time = null)
    {
        return new ProcessScope(
            ControlGroup.FindLeft(IsLeft),
            null,
            () => ProcessTable.Marked(MarkVariable, IsLeft).Concat(ProcessTable.RootedAt(directory))
                .Concat(ProcessTable.WorkingIn(directory)),
            time ?? TimeProvider.System);

        bool IsLeft(string group) => IsNamed(group, name) && IsOfDeadProgram(group);
    }

    /// <summary>What the processes of the scope have used so far, also those that have ended; null without a control group.</summary>
    public ResourceUsage? Usage() => _groups.Count > 0 ? _groups[0].Usage() : null;

    /// <summary>
    /// Memory of the scope's living processes that is nobody else's, in bytes: less than all of it, since what they share is left out.
    /// </summary>
    public long ResidentBytes() => Alive().Sum(process => ProcessTable.AnonymousBytes(process.Pid));

    /// <summary>How many processes of the scope the kernel has killed because the limit of memory was reached.</summary>
    public long OutOfMemoryKills() => _groups.Count > 0 ? _groups[0].OutOfMemoryKills() : 0;

    /// <summary>The processes of the scope that are alive now.</summary>
    internal IReadOnlyList<ProcessInfo> Alive() =>
        [.. _groups.SelectMany(group => group.Members()).Concat(_others()).DistinctBy(process => process.Pid)];

    /// <summary>Waits until nothing of the scope is alive.</summary>
    /// <param name="deadline">How long to wait.</param>
    /// <returns>Whether nothing is.</returns>
    public async Task<bool> EmptiesWithinAsync(TimeSpan deadline)
    {
        var start = _time.GetTimestamp();
        while (Alive().Count > 0)
        {
            if (_time.GetElapsedTime(start) >= deadline)
                return false;
            await Task.Delay(PollInterval, _time).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>
    /// Kills everything in the scope, and what that may have started meanwhile, until nothing is found.
    /// </summary>
    /// <param name="deadline">How long to go on trying: a process in an uninterruptible wait goes only when that wait ends.</param>
    /// <returns>The processes that are still there after the deadline; empty when all is well.</returns>
    public async Task<IReadOnlyList<ProcessInfo>> KillAllAsync(TimeSpan deadline)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var alive = Alive();
            if (alive.Count == 0 || _time.GetElapsedTime(start) >= deadline)
                return alive;

            foreach (var group in _groups)
                group.Kill();
            foreach (var process in alive)
                Native.Kill(process.Pid, Native.SigKill);
            await Task.Delay(PollInterval, _time).ConfigureAwait(false);
        }
    }

    /// <summary>Kills what is left, with a short deadline, and removes the control group.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAllAsync(RemoveDeadline).ConfigureAwait(false);
        foreach (var group in _groups)
            await group.RemoveAsync(_time, RemoveDeadline).ConfigureAwait(false);
    }

    private static string MarkOf(string name) => $"{Prefix}{Own}-{Interlocked.Increment(ref _count)}-{Safe(name)}";

    private static IReadOnlyList<string> ControllersFor(ScopeLimits limits) =>
        [.. limits.MemoryBytes > 0 ? ["memory"] : Array.Empty<string>(), .. limits.Processes > 0 ? ["pids"] : Array.Empty<string>()];

    /// <summary>Whether a control group is that of a scope with a name, whichever program made it.</summary>
    /// <param name="group">What the group is called, without the folders above it.</param>
    /// <param name="name">
    /// The scope's name, as it was given to <see cref="Open(string, string?, TimeProvider?, bool, ScopeLimits?)"/>.
    /// </param>
    public static bool IsNamed(string group, string name)
    {
        // buildd, the program's identity, a number, the name: only that may have a hyphen.
        ArgumentNullException.ThrowIfNull(group);
        return group.StartsWith(Prefix, StringComparison.Ordinal) && group.Split('-', 4) is [_, _, _, var given] && given == Safe(name);
    }

    /// <summary>A name as it is at the end of the name of its control group.</summary>
    private static string Safe(string name) => new([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '_')]);

    /// <summary>A mark starts with the identity of the program that made it.</summary>
    private static bool IsOfDeadProgram(string mark)
    {
        if (!mark.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var maker = mark[Prefix.Length..].Split('-')[0];
        return int.TryParse(maker.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && (ProcessTable.IdentityOf(pid) != maker || ProcessTable.Describe(pid) is not { } process || !ProcessTable.IsAlive(process));
    }
}
