using Buildd.Linux.Files;
using Buildd.Master.Inputs;
using Buildd.Protocol;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Jobs;

/// <summary>
/// What is to be built: all that a slave must be told. Its text form (<see cref="ToString"/>) has no secrets in it; the
/// arguments can have them, in the URLs of private archives.
/// </summary>
public sealed record BuildJob
{
    /// <summary>
    /// The build's name between master and slave, such as <c>PACKAGEBUILD-22</c>. It becomes part of folder names on both sides.
    /// </summary>
    /// <exception cref="FileNameException">It can't be part of a folder's name.</exception>
    public required BuildCookie Cookie { get; init => field = CheckCookie(value); }

    /// <summary>The tag of the slave's manager that builds it, such as <c>binarypackage</c>.</summary>
    public required string BuilderTag { get; init; }

    /// <summary>The chroot or image to build in.</summary>
    public required InputFile Chroot { get; init; }

    /// <summary>The files to build from, in the order in which the slave is told of them; none by default.</summary>
    /// <exception cref="ArgumentException">Two files have one name.</exception>
    public IReadOnlyList<InputFile> Files { get; init => field = CheckNames(value); } = [];

    /// <summary>The manager's arguments. A slave ignores those it doesn't know.</summary>
    public required XmlRpcStruct Arguments { get; init; }

    /// <summary>The manager and the cookie.</summary>
    public override string ToString() => $"{BuilderTag} {Cookie}";

    private static BuildCookie CheckCookie(BuildCookie cookie)
    {
        FileName.Check(cookie.ToString());
        return cookie;
    }

    private static IReadOnlyList<InputFile> CheckNames(IReadOnlyList<InputFile> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var twice = files.GroupBy(file => file.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        return twice is null
            ? files
            : throw new ArgumentException($"There are two files called {twice.Key}.", nameof(files));
    }
}
