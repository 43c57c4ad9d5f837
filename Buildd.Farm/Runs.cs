using System.Globalization;
using System.Text.RegularExpressions;
using Buildd.Linux.Files;

namespace Buildd.Farm;

/// <summary>
/// The <c>run</c>s of a farm, all on one machine. Each holds a lock on a file of its own name for as long as it lives, which the kernel
/// ends with it. Any thread of any process may call.
/// </summary>
/// <param name="folder">The folder of these files; made when missing.</param>
internal sealed partial class Runs(string folder)
{
    /// <summary>Returns a name for a run, under which it leases builders: that of the machine, its process, and a random number.</summary>
    internal static string NewName() => $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}";

    /// <summary>Names who has a lease, for people; the whole name where it is not one of a run.</summary>
    internal static string Describe(string name) =>
        NameOfRun().Match(name) is { Success: true, Groups: var parts } ? $"{parts[1].Value}, pid {parts[2].Value}" : name;

    /// <summary>Says that a run lives, until what is returned is disposed of or the process ends.</summary>
    /// <exception cref="IOException">The file can't be made.</exception>
    internal IDisposable Begin(string name)
    {
        StateFiles.MakeFolder(folder);
        var path = Path.Combine(folder, FileName.Check(name));
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 0, FileOptions.DeleteOnClose);
        StateFiles.GiveToOwner(path);
        return file;
    }

    /// <summary>Whether a run lives; null when nothing shows it, as of one of an older program on another machine's name.</summary>
    internal bool? IsAlive(string name)
    {
        if (FileName.FindMistake(name) is not null)
            return null;
        try
        {
            // Shared, so that two who ask at the same time don't take each other for the run.
            using var file = new FileStream(Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return IsProcess(name) ? true : null;
        }
        catch (IOException e) when (Durable.IsHeldByAnother(e))
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Returns the names of the runs that live; none where the folder is missing.</summary>
    /// <exception cref="IOException">The folder can't be listed.</exception>
    internal IReadOnlyList<string> FindLiving() => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Where(name => IsAlive(name) == true)];

    /// <summary>Removes the files of runs that were killed.</summary>
    /// <exception cref="IOException">The folder can't be listed, or a file not be removed.</exception>
    internal void Sweep()
    {
        foreach (var name in Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Where(name => IsAlive(name) == false))
            File.Delete(Path.Combine(folder, name));
    }

    /// <summary>Whether a process of this machine has the number in the name and runs our program: one older than these files.</summary>
    private static bool IsProcess(string name)
    {
        if (NameOfRun().Match(name) is not { Success: true, Groups: var parts } || parts[1].Value != Environment.MachineName)
            return false;
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{parts[2].Value}/comm")).Trim() == "buildd-farm";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended
        }
    }

    [GeneratedRegex("^(.+)-([0-9]{1,10})-[0-9a-f]{32}$")]
    private static partial Regex NameOfRun();
}
