namespace Buildd.Debian.Relations;

/// <summary>What a field of relations may be before it is refused: bounds on memory, well above what Debian's archive has.</summary>
public static class RelationLimits
{
    /// <summary>1 MiB of text in one field. The longest Provides of Debian's archive have some ten thousand characters.</summary>
    public const int MaxLength = 1024 * 1024;

    /// <summary>10,000 relations in one field, empty places between commas included; large sources have some hundred.</summary>
    public const int MaxGroups = 10_000;

    /// <summary>1,000 alternatives in one relation; more than twenty is rare.</summary>
    public const int MaxAlternatives = 1_000;

    /// <summary>1,000 architectures or build profiles behind one name; dpkg knows less than 600 architectures.</summary>
    public const int MaxTerms = 1_000;

    /// <summary>
    /// 255 characters of a package's, an architecture's or a profile's name: no file of the package could be called more.
    /// </summary>
    public const int MaxNameLength = 255;
}
