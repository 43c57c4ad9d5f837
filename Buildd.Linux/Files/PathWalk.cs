using System.Diagnostics.CodeAnalysis;

namespace Buildd.Linux.Files;

/// <summary>How a path may be walked, with the numbers of openat2(2).</summary>
[Flags]
[SuppressMessage("Design", "CA1028:Enum Storage should be Int32", Justification = "The kernel's structure has 64 bits")]
public enum PathWalk : ulong
{
    /// <summary>Links are followed, and <c>..</c> may lead anywhere.</summary>
    Freely = 0,

    /// <summary>A link anywhere on the way is an error.</summary>
    NoLinks = 4,

    /// <summary>The way may not leave the folder that it begins in.</summary>
    Beneath = 8,
}

/// <summary>Why a path could not be opened, with the numbers of errno(3); others than those with a name may come.</summary>
public enum PathError
{
    /// <summary>It was opened.</summary>
    None = 0,

    /// <summary>Nothing of that name is there.</summary>
    NoSuchFile = LibC.NoSuchFile,

    /// <summary>The path leads out of the folder that it was to stay in, or through a link out of it.</summary>
    Outside = LibC.OtherFileSystem,

    /// <summary>A part of the path that has others below it is not a folder.</summary>
    NotAFolder = LibC.NotAFolder,

    /// <summary>The kernel is older than Linux 5.6.</summary>
    NoSuchCall = 38,

    /// <summary>There is a link on the way, and none is followed.</summary>
    Link = LibC.TooManyLinks,
}
