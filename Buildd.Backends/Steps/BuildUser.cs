using System.Globalization;
using Buildd.Linux.Processes;

namespace Buildd.Backends.Steps;

/// <summary>The account that sbuild runs as, and the lines that make it known in a chroot.</summary>
/// <remarks>
/// Without the same number inside, sbuild makes a user of that name with another number, and all goes well until the last
/// step, which then may not write the packages.
/// </remarks>
internal sealed record BuildUser(string Name, uint Id, uint GroupId, string PasswdLine, string GroupLine, string SbuildGroupLine)
{
    private const string SbuildGroup = "sbuild";

    /// <summary>Looks the account up in this machine's files.</summary>
    /// <returns>The account, or a sentence on what is wrong.</returns>
    internal static (BuildUser? User, string? Mistake) Find(string name) =>
        Find(name, File.ReadAllLines("/etc/passwd"), File.ReadAllLines("/etc/group"));

    internal static (BuildUser? User, string? Mistake) Find(string name, IReadOnlyList<string> passwd, IReadOnlyList<string> group)
    {
        if (Entry(passwd, 0, name) is not { Length: >= 7 } user)
            return (null, $"there is no user '{name}' on this machine: install sbuild, or set builduser in the configuration");
        if (Entry(group, 0, SbuildGroup) is not { Length: >= 4 } sbuild)
            return (null, $"there is no group '{SbuildGroup}' on this machine: install sbuild");
        if (Entry(group, 2, user[3]) is not { Length: >= 4 } own)
            return (null, $"user '{name}' has the group {user[3]}, which is not in /etc/group");
        var (id, groupId) = (Number(user[2]), Number(user[3]));
        if (id == 0)
            return (null, "packages are not built by root: set builduser in the configuration to an ordinary account");
        if (user[3] != sbuild[2] && !sbuild[3].Split(',').Contains(name))
            return (null, $"user '{name}' is not in the group '{SbuildGroup}': run 'adduser {name} {SbuildGroup}'");
        return (new BuildUser(name, id, groupId, string.Join(':', user), string.Join(':', own), string.Join(':', sbuild)), null);
    }

    /// <summary>The command, run in a system where this account is known as this user, with the account's environment.</summary>
    /// <param name="command">The command; of its environment and folder nothing is taken over.</param>
    /// <param name="directory">Where it runs.</param>
    /// <remarks>
    /// By chroot(8) of coreutils to the root that it has already: it is in every system, and asks nobody, where su(1) wants the
    /// account in the system's /etc/shadow too. The words reach the shell as arguments and are never read as a script.
    /// </remarks>
    internal Command Inside(Command command, string directory) => Command.Of(
        "chroot",
        [
            $"--userspec={Id}:{GroupId}", $"--groups={GroupId}", "/",
            "env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/games", "HOME=/build", $"USER={Name}", $"LOGNAME={Name}", "LANG=C.UTF-8",
            "SHELL=/bin/sh",
            "/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory, command.File, .. command.Arguments,
        ]);

    private static string[]? Entry(IReadOnlyList<string> lines, int field, string value) =>
        lines.Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > field && fields[field] == value);

    private static uint Number(string text) => uint.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
