using System.Globalization;

namespace Buildd.Backends.Environments;

/// <summary>
/// The numbers of users and groups that an account may give away in a user namespace (subuid(5)): what is root inside is
/// <see cref="FirstUser"/> on this machine, and so nobody.
/// </summary>
/// <param name="FirstUser">The first of <see cref="Count"/> user numbers.</param>
/// <param name="FirstGroup">The first of as many group numbers.</param>
internal sealed record SubordinateIds(uint FirstUser, uint FirstGroup)
{
    /// <summary>As many as a Debian system has of its own: 0 to 65535, with <c>nobody</c> at the end (Debian policy 9.2.2).</summary>
    internal const uint Count = 65536;

    /// <summary>Looks in this machine's files.</summary>
    /// <returns>The numbers, or a sentence on what to do.</returns>
    internal static (SubordinateIds? Ids, string? Mistake) Find(string name, uint id) =>
        Find(name, id, ReadLines("/etc/subuid"), ReadLines("/etc/subgid"));

    internal static (SubordinateIds? Ids, string? Mistake) Find(string name, uint id, IEnumerable<string> users, IEnumerable<string> groups)
    {
        var (user, group) = (First(name, id, users), First(name, id, groups));
        if (user is { } firstUser && group is { } firstGroup)
            return (new SubordinateIds(firstUser, firstGroup), null);
        var missing = (user, group) switch
        {
            (null, null) => "/etc/subuid and in /etc/subgid",
            (null, _) => "/etc/subuid",
            _ => "/etc/subgid",
        };
        return (null, string.Create(
            CultureInfo.InvariantCulture,
            $"user '{name}' has no {Count} numbers in a row in {missing} that builds can run with: run 'usermod --add-subuids N-M "
                + $"--add-subgids N-M {name}' as root, with {Count} numbers from N to M that nobody else has"));
    }

    /// <summary>An unprivileged process's view of the mapping: <c>unshare</c>'s arguments for it.</summary>
    /// <remarks>
    /// Outer number first, with commas: later versions of <c>unshare</c> have another order too, with colons, and still take this one.
    /// </remarks>
    internal IEnumerable<string> MapAll() =>
        string.Create(CultureInfo.InvariantCulture, $"--map-users={FirstUser},0,{Count} --map-groups={FirstGroup},0,{Count}").Split(' ');

    /// <summary>A mapping in which the account itself is root, and the first of its numbers is 1: to give files away.</summary>
    internal IEnumerable<string> MapFirst() => string.Create(
        CultureInfo.InvariantCulture, $"--map-user=0 --map-users={FirstUser},1,1 --map-group=0 --map-groups={FirstGroup},1,1").Split(' ');

    /// <summary>"NAME:FIRST:COUNT", the name or the number of the account.</summary>
    private static uint? First(string name, uint id, IEnumerable<string> lines) => lines
        .Select(line => line.Split(':'))
        .Where(fields => fields.Length == 3 && (fields[0] == name || Number(fields[0]) == id) && Number(fields[2]) >= Count)
        .Select(fields => Number(fields[1]))
        .FirstOrDefault(first => first is not null and not 0);

    private static uint? Number(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IEnumerable<string> ReadLines(string path) => File.Exists(path) ? File.ReadLines(path) : [];
}
