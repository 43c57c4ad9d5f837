namespace Buildd.Daemon.Configuration;

/// <summary>
/// What a command line says in place of a configuration file: for a unit that runs a file which belongs to somebody else,
/// such as one of the reference's, and must leave it as it is.
/// </summary>
internal sealed record ConfigurationOverrides
{
    /// <summary>Goes before <c>bindhost</c>, but not before an address behind <c>bindport</c>; null leaves it to the file.</summary>
    public string? BindHost { get; init; }

    /// <summary>Where the slave's own state is kept; null means the work folder, which then no other slave can have.</summary>
    public string? State { get; init; }

    /// <summary>Goes before <c>log</c>; null leaves it to the file.</summary>
    public string? Log { get; init; }
}
