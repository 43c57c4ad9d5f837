namespace Buildd.Backends.BinaryPackage;

/// <summary>Which of util-linux's programs makes the kernel look like the architecture's own: protocol section 20.</summary>
internal static class Personality
{
    private static readonly HashSet<string> ThirtyTwo =
        ["armel", "armhf", "hppa", "i386", "lpia", "mips", "mipsel", "powerpc", "s390", "sparc"];

    /// <summary>The program to put before a command.</summary>
    internal static string Program(string architecture) => HasShortPointers(architecture) ? "linux32" : "linux64";

    /// <summary>Whether it is one of those that <c>linux32</c> is for.</summary>
    internal static bool HasShortPointers(string architecture) => ThirtyTwo.Contains(architecture);
}
