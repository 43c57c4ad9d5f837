using Buildd.Linux.Processes;

namespace Buildd.Backends.DebianBuilds;

/// <summary>What the kernel is made to look like for a build, by util-linux's programs: protocol sections 14 and 20.</summary>
internal static class Personality
{
    private static readonly HashSet<string> ThirtyTwo =
        ["armel", "armhf", "hppa", "i386", "lpia", "mips", "mipsel", "powerpc", "s390", "sparc"];

    /// <summary>Releases with programs that do not know what to make of a kernel 3.0 or later.</summary>
    private static readonly HashSet<string> BeforeKernelThree =
        ["hardy", "intrepid", "jaunty", "karmic", "lucid", "maverick", "natty", "oneiric", "precise"];

    /// <summary>The program to put before a command.</summary>
    internal static string Program(string architecture) => HasShortPointers(architecture) ? "linux32" : "linux64";

    /// <summary>A command that sees the kernel as one of that architecture, and as old as the release wants it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="architecture">Debian's name of it.</param>
    /// <param name="suite">A series, with or without a pocket behind it.</param>
    internal static Command Wear(Command command, string architecture, string suite) => command.Behind(
        Program(architecture), BeforeKernelThree.Contains(suite.Split('-')[0]) ? ["--uname-2.6"] : []);

    /// <summary>Whether it is one of those that <c>linux32</c> is for.</summary>
    internal static bool HasShortPointers(string architecture) => ThirtyTwo.Contains(architecture);
}
