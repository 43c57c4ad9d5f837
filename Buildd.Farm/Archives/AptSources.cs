namespace Buildd.Farm.Archives;

/// <summary>What the lines for apt of a build come from.</summary>
internal sealed record AptSources
{
    /// <summary>The archive that is built for.</summary>
    internal required Archive Archive { get; init; }

    /// <summary>The primary archive of its distribution; null when there is none, or it is the archive itself.</summary>
    internal Archive? Primary { get; init; }

    /// <summary>The name of the series.</summary>
    internal required string Series { get; init; }

    /// <summary>The pocket that is built in; the release by default.</summary>
    internal Pocket Pocket { get; init; } = Pocket.Release;

    /// <summary>
    /// The build's component; null for a build without a source, which has that of its archive: main of a PPA, else universe.
    /// </summary>
    internal string? Component { get; init; }

    /// <summary>
    /// The component that the source has in the primary archive, for dependencies that name none; null when it is not there: universe.
    /// </summary>
    internal string? SourceComponent { get; init; }

    /// <summary>The archives that the archive depends on, in the order in which they were added; none by default.</summary>
    internal IReadOnlyList<(ArchiveDependency How, Archive Archive)> Dependencies { get; init; } = [];

    /// <summary>Who a build is to a private archive's server; nobody by default.</summary>
    internal Func<Archive, ArchiveCredentials?> Credentials { get; init; } = _ => null;
}

/// <summary>A user and a password for an archive, good for one build.</summary>
/// <param name="User">The user.</param>
/// <param name="Password">The password, as it is: it is escaped where it goes into a line.</param>
internal sealed record ArchiveCredentials(string User, string Password)
{
    /// <summary>The user alone, so that no log gets the password.</summary>
    public override string ToString() => User;
}
