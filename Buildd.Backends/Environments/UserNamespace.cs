using System.Globalization;
using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Steps;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>
/// How an ordinary account does what otherwise needs root: in a user namespace in which it has 65536 users of its own. Makes
/// the commands, and runs none.
/// </summary>
/// <param name="account">Whose namespaces they are.</param>
/// <param name="ids">The numbers that account may give away.</param>
internal sealed class UserNamespace(UserNamespace.Account account, SubordinateIds ids)
{
    /// <summary>Ends when there are none any more, or after ten seconds.</summary>
    private static readonly string EndScript = Scripts.Text("Environments/end-namespaces.sh");

    /// <summary>Empties a folder, never across a mount; it itself stays, since the folder around it is not the namespace's.</summary>
    private const string EmptyScript = """cd "$1" && exec find . -mindepth 1 -maxdepth 1 -exec rm -rf --one-file-system -- {} +""";

    /// <summary>
    /// Says in a build's folder whose the system is that is made there. A slave that was killed may be configured anew before it
    /// starts again: how to end what it left is then told by what there is, and not by the configuration.
    /// </summary>
    private const string MarkName = ".namespaces-of";

    /// <summary>No account has a longer name.</summary>
    private const int MaxNameBytes = 256;

    /// <summary>The mode of a folder that <see cref="LetIn"/> was done to: the namespaces' root passes through, and nobody else.</summary>
    internal const UnixFileMode LetInMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;

    /// <summary>Somebody who is not root.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="Id">The number.</param>
    /// <param name="GroupId">The number of its group.</param>
    internal sealed record Account(string Name, uint Id, uint GroupId);

    /// <summary>Finds an account, and the numbers it has.</summary>
    /// <returns>The namespace, or a sentence on what is missing.</returns>
    internal static (UserNamespace? Namespace, string? Mistake) Find(string accountName)
    {
        var (user, mistake) = BuildUser.Find(accountName);
        return user is null ? (null, mistake) : Find(new Account(user.Name, user.Id, user.GroupId));
    }

    private static (UserNamespace? Namespace, string? Mistake) Find(Account account)
    {
        foreach (var program in (string[])["newuidmap", "newgidmap"])
        {
            if (!File.Exists($"/usr/bin/{program}"))
                return (null, $"/usr/bin/{program} is not there: run 'apt-get install uidmap' as root");
        }

        var (ids, mistake) = SubordinateIds.Find(account.Name, account.Id);
        return ids is null ? (null, mistake) : (new UserNamespace(account, ids), null);
    }

    /// <summary>Says whose the system of a build is, before there is one.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    internal void Mark(string buildDirectory) => File.WriteAllText(Path.Combine(buildDirectory, MarkName), account.Name);

    /// <summary>
    /// The account that was named so; null when none was: then the build has no system of a namespace's. Empty where the build has put
    /// something in its place.
    /// </summary>
    /// <exception cref="IOException">It can't be looked at.</exception>
    internal static string? FindMark(string buildDirectory)
    {
        // The folder became the build's: what lies there may be a pipe by now, or a link.
        var path = Path.Combine(buildDirectory, MarkName);
        if (UnixFile.Look(path) is not { } facts)
            return null;
        return facts.IsRegular && facts.Owner == CurrentUser.Id && UnixFile.ReadSmall(path, MaxNameBytes).Content is { Length: > 0 } content
            ? Encoding.UTF8.GetString(content)
            : "";
    }

    /// <summary>A command that runs as the account itself. A slave that is root never runs anything of this as root.</summary>
    internal Command AsAccount(Command command) => CurrentUser.IsRoot
        ? command.Behind(
            "setpriv", string.Create(CultureInfo.InvariantCulture, $"--reuid={account.Id}"),
            string.Create(CultureInfo.InvariantCulture, $"--regid={account.GroupId}"), "--init-groups", "--")
        : command;

    /// <summary>A command that runs as root of a new namespace, and ends it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="options">Other namespaces that <c>unshare</c> is to make.</param>
    internal Command InNew(Command command, params IEnumerable<string> options) => AsAccount(command
        .Behind("setpriv", "--clear-groups", "--")
        .Behind("unshare", ["--user", .. ids.MapAll(), "--setuid", "0", "--setgid", "0", .. options, "--"]));

    /// <summary>The words before a command that runs it as root of a namespace that is there.</summary>
    /// <param name="pid">The number of a process in it, as this machine sees it.</param>
    internal static IReadOnlyList<string> Enter(int pid) =>
        ["nsenter", "--target", pid.ToString(CultureInfo.InvariantCulture), "--user", "--mount", "--pid", "--ipc", "--uts", "--"];

    /// <summary>Gives a folder of the account's to the namespaces' root.</summary>
    internal Command GiveAway(string folder) => CurrentUser.IsRoot
        ? Command.Of("chown", "--no-dereference", string.Create(CultureInfo.InvariantCulture, $"{ids.FirstUser}:{ids.FirstGroup}"), folder)
        : Command.Of("chown", "--no-dereference", "1:1", folder).Behind("unshare", ["--user", .. ids.MapFirst(), "--"]);

    /// <summary>Gives a folder of the account's to the group of the namespaces' root, which nobody on this machine is in.</summary>
    internal Command LetIn(string folder) => CurrentUser.IsRoot
        ? Command.Of("chgrp", "--no-dereference", ids.FirstGroup.ToString(CultureInfo.InvariantCulture), folder)
        : Command.Of("chgrp", "--no-dereference", "1", folder).Behind("unshare", ["--user", .. ids.MapFirst(), "--"]);

    /// <summary>
    /// Kills what a slave that was killed has left of the namespaces' users: nobody else may. Told by the folder in its command
    /// line, since nothing else of it can be read; what has ended has none.
    /// </summary>
    internal Command EndAllIn(string folder) => InNew(Command.Of("/bin/sh", "-c", EndScript, "sh", folder));

    /// <summary>Removes a folder that was given away, with all that is in it.</summary>
    /// <param name="folder">The folder; it need not be there.</param>
    /// <param name="run">Runs a command and returns its exit code.</param>
    /// <exception cref="IOException">Something stays.</exception>
    internal async Task RemoveAsync(string folder, Func<Command, Task<int>> run)
    {
        if (!Directory.Exists(folder))
            return;
        var code = 0;
        if (!TryRemoveEmpty(folder))
        {
            code = await run(InNew(Command.Of("/bin/sh", "-c", EmptyScript, "sh", folder))).ConfigureAwait(false);
            if (!TryRemoveEmpty(folder))
                throw new IOException(
                    string.Create(CultureInfo.InvariantCulture, $"'{folder}' can't be emptied: the command ended with exit code {code}"));
        }
    }

    /// <summary>Whoever owns the folder around it may do that.</summary>
    private static bool TryRemoveEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (IOException)
        {
            return false; // not empty
        }
    }

    /// <summary>A folder above, or the folder itself, that the namespaces' users can't pass through; null when they can.</summary>
    internal static string? FindClosed(string folder)
    {
        for (var part = folder; part is not null; part = Path.GetDirectoryName(part))
        {
            if ((File.GetUnixFileMode(part) & UnixFileMode.OtherExecute) == 0)
                return part;
        }

        return null;
    }
}
