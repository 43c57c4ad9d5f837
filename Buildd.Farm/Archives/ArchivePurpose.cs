namespace Buildd.Farm.Archives;

/// <summary>What an archive is for. The numbers and the names are Launchpad's.</summary>
internal enum ArchivePurpose
{
    /// <summary>The distribution's own; each has one at most.</summary>
    Primary = 1,

    /// <summary>A person's or a team's, for what they like.</summary>
    Ppa = 2,

    /// <summary>A copy of others' sources, such as for a rebuild.</summary>
    Copy = 6,
}

/// <summary>The names of purposes.</summary>
internal static class ArchivePurposeNames
{
    /// <summary>All purposes.</summary>
    internal static IReadOnlyList<ArchivePurpose> All { get; } = Enum.GetValues<ArchivePurpose>();

    /// <summary>The name, in capitals as the API has it.</summary>
    internal static string ToName(this ArchivePurpose purpose) => purpose switch
    {
        ArchivePurpose.Primary => "PRIMARY",
        ArchivePurpose.Ppa => "PPA",
        ArchivePurpose.Copy => "COPY",
        _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "There is no such purpose."),
    };
}
