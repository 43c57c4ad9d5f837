using Buildd.Linux.Files;
using Buildd.Protocol;
using Buildd.Protocol.Secrets;

namespace Buildd.Master.Inputs;

/// <summary>
/// A file that a build needs: the chroot or one of the sources. The slave fetches it itself. Its text form
/// (<see cref="ToString"/>) has no secrets in it.
/// </summary>
public sealed record InputFile
{
    /// <summary>The name under which the build finds it, such as <c>hello_2.10-3.dsc</c>.</summary>
    /// <exception cref="FileNameException">The name can't be used; see <see cref="FileName.FindMistake"/>.</exception>
    public required string Name { get; init => field = FileName.Check(value); }

    /// <summary>The SHA-1, which is also the file's name in the slave's cache.</summary>
    public required Sha1 Sha1 { get; init; }

    /// <summary>
    /// Where the slave fetches it; http and https for certain, more with the reference. Null means that the slave must
    /// have it already.
    /// </summary>
    public required string? Url { get; init; }

    /// <summary>User name for Basic authentication; empty (the default) without a password means none.</summary>
    public string UserName { get; init; } = "";

    /// <summary>Password for Basic authentication, also without a user name; empty (the default) means none.</summary>
    public string Password { get; init; } = "";

    /// <summary>Name, sum and address, without credentials.</summary>
    public override string ToString() =>
        $"{Name} ({Sha1}, {(Url is null ? "no URL" : UrlCredentials.Without(Url))})";
}
