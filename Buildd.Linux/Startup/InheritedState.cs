using System.Globalization;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;

namespace Buildd.Linux.Startup;

/// <summary>
/// Puts a program that has just been started into the same state whoever started it: a service manager, a shell, cron, or a program that
/// is careless with what its children inherit. Nothing of the starter's then reaches files, or the commands that the program runs.
/// </summary>
/// <remarks>
/// What restrains the program stays, and goes on to what it starts: hard limits, niceness, the processors it may use, its control group.
/// That is how an administrator keeps a service in bounds. What each command is spared besides is <see cref="ProcessRunner"/>'s.
/// </remarks>
public static class InheritedState
{
    /// <summary>The folders that programs are found in, of every Debian system.</summary>
    private const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Group and others may not write.</summary>
    private const uint Mask = 0b000_010_010;

    private const int HangUp = 1;

    /// <summary>
    /// Signals that go on being ignored by the program itself where its starter ignores them: a shell does that for what runs in the
    /// background (SIGINT, SIGQUIT), nohup for what is to outlive its terminal, and the runtime does it for pipes. The last are of job
    /// control, and of files that would become too large, which are better an error of the write.
    /// </summary>
    private static readonly int[] Respected = [HangUp, 2, 3, 13, 20, 21, 22, 25];

    /// <summary>
    /// Limits whose soft half only keeps a program from what its hard half allows: cpu, fsize, data, rss, nproc, memlock, as, locks,
    /// sigpending and msgqueue. Debian's architectures that .NET runs on share the numbers.
    /// </summary>
    private static readonly int[] Limits = [0, 1, 2, 5, 6, 8, 9, 10, 11, 12];

    /// <summary>Whether systemd has started this very process, as the variable says from systemd 248 on.</summary>
    private static bool IsStartedByUnit => Environment.GetEnvironmentVariable("SYSTEMD_EXEC_PID")
        == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Resets all but the environment. To be called first of all: before anything is started, read from the console, or told to handle a
    /// signal. May start the program over, once, where that is the only way.
    /// </summary>
    /// <param name="handlesHangUp">Whether the program handles SIGHUP, so that it need not be ignored for its sake.</param>
    /// <param name="keepsMaskOfUnit">
    /// Whether the umask stays where systemd has started the program: there it is the <c>UMask=</c> of its unit, and so the
    /// administrator's word. Anybody else's becomes 022.
    /// </param>
    public static void Reset(bool handlesHangUp, bool keepsMaskOfUnit = false)
    {
        OpenStandardStreams();
        if (!keepsMaskOfUnit || !IsStartedByUnit)
            _ = LibC.SetMask(Mask);
        foreach (var signal in SignalMask.Ignored().Except(Respected.Where(signal => signal != HangUp || !handlesHangUp)))
            _ = LibC.SetSignal(signal, LibC.DefaultAction);
        SignalMask.UnblockAll();
        KeepDescriptors();
        foreach (var limit in Limits)
            RaiseLimit(limit);
        LeaveLostFolder();
    }

    /// <summary>
    /// Sets the modes that files are made without, unless systemd has started the program: its unit's <c>UMask=</c> stays then.
    /// </summary>
    public static void TakeMask(UnixFileMode mask)
    {
        if (!IsStartedByUnit)
            _ = LibC.SetMask((uint)mask);
    }

    /// <summary>
    /// Removes every variable from the environment that is not named. The folders of <c>PATH</c> are the system's first, and then
    /// the others that were in it. To be called before anything is started.
    /// </summary>
    /// <param name="kept">Names; one that ends in <c>*</c> stands for all that begin so. <c>PATH</c> is there in any case.</param>
    public static void KeepVariables(params IReadOnlyCollection<string> kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(name => !IsKept(name)).ToList())
            Environment.SetEnvironmentVariable(name, null);
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(folder => folder.StartsWith('/'));
        Environment.SetEnvironmentVariable("PATH", string.Join(':', SearchPath.Split(':').Concat(folders).Distinct()));

        bool IsKept(string name) => name == "PATH" || kept.Any(
            word => word.EndsWith('*') ? name.StartsWith(word[..^1], StringComparison.Ordinal) : name == word);
    }

    /// <summary>
    /// Where the starter has closed standard input, output or an error stream, the first file that the program opens gets the number, and
    /// what it then says goes into that file. The runtime may have opened some already: only a new start is rid of them.
    /// </summary>
    private static void OpenStandardStreams()
    {
        var closed = Enumerable.Range(0, 3).Where(IsNotInherited).ToList();
        if (closed.Count == 0)
            return;
        var nothing = LibC.Open("/dev/null", LibC.ReadAndWrite | LibC.CloseOnExec);
        if (nothing < 0 || closed.Any(stream => !Put(nothing, stream)))
            return; // a system without that has other worries
        var words = File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0');
        LibC.Execute("/proc/self/exe", words);
    }

    /// <summary>Whether a descriptor was closed when the program started: an inherited one can't be marked to be closed then.</summary>
    private static bool IsNotInherited(int descriptor) =>
        LibC.FileControl(descriptor, LibC.GetDescriptorFlags, 0) is var flags
            && (flags < 0 || (flags & LibC.CloseDescriptorOnExec) != 0);

    private static bool Put(int descriptor, int stream) =>
        LibC.Duplicate(descriptor, stream) == stream && LibC.FileControl(stream, LibC.SetDescriptorFlags, 0) == 0;

    /// <summary>Whatever the starter has left open is not handed on. It is not closed, as systemd's sockets are among it.</summary>
    private static void KeepDescriptors()
    {
        foreach (var name in Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(Path.GetFileName).ToList())
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor) && descriptor > 2)
                _ = LibC.FileControl(descriptor, LibC.SetDescriptorFlags, LibC.CloseDescriptorOnExec);
        }
    }

    private static void RaiseLimit(int resource)
    {
        if (LibC.ReadLimit(0, resource, 0, out var limit) != 0 || limit.Soft == limit.Hard)
            return;
        limit.Soft = limit.Hard;
        _ = LibC.WriteLimit(0, resource, in limit, 0);
    }

    /// <summary>A folder that was removed has no name, and every shell complains of it.</summary>
    private static void LeaveLostFolder()
    {
        try
        {
            if (Directory.Exists(Directory.GetCurrentDirectory()))
                return;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // it is that folder
        }

        Directory.SetCurrentDirectory("/");
    }
}
