using Buildd.Linux.Processes;

namespace Buildd.Backends.Environments;

/// <summary>What the kernel is made to look like for a build, by util-linux's programs: protocol sections 14 and 20.</summary>
/// <param name="architecture">Debian's name of the architecture that it is to look like.</param>
/// <param name="suite">A series, with or without a pocket behind it; the kernel is made as old as that wants it.</param>
internal sealed class Personality(string architecture, string suite)
{
    private static readonly HashSet<string> ThirtyTwo =
        ["armel", "armhf", "hppa", "i386", "lpia", "mips", "mipsel", "powerpc", "s390", "sparc"];

    /// <summary>Releases with programs that do not know what to make of a kernel 3.0 or later.</summary>
    private static readonly HashSet<string> BeforeKernelThree =
        ["hardy", "intrepid", "jaunty", "karmic", "lucid", "maverick", "natty", "oneiric", "precise"];

    /// <summary>The program to put before a command.</summary>
    internal static string Program(string architecture) => HasShortPointers(architecture) ? "linux32" : "linux64";

    /// <summary>Whether it is one of those that <c>linux32</c> is for.</summary>
    internal static bool HasShortPointers(string architecture) => ThirtyTwo.Contains(architecture);

    /// <summary>A command that sees the kernel so, with all that it starts.</summary>
    internal Command Wear(Command command) => command.Behind(
        Program(architecture), BeforeKernelThree.Contains(suite.Split('-')[0]) ? ["--uname-2.6"] : []);
}
