using Buildd.Linux.Files;
using Buildd.Linux.Text;

namespace Buildd.Slave.Files;

/// <summary>Refuses names from the wire (build ids, names of files and results) that can't become one part of a path.</summary>
internal static class PathPart
{
    /// <summary>How deep in folders a result's name may be; the reference has one level at most.</summary>
    internal const int MaxParts = 16;

    /// <summary>For names of results, which may stand in folders: the kind of build <c>ci</c> has one per job.</summary>
    /// <exception cref="RefusedException">One of the parts between the slashes may not be used, or there are too many.</exception>
    internal static void CheckAll(string what, string name)
    {
        var parts = name.Split('/', MaxParts + 1);
        if (parts.Length > MaxParts)
            throw new RefusedException($"{what} can't be used: it has more than {MaxParts} parts");
        foreach (var part in parts)
            Check(what, part);
    }

    /// <exception cref="RefusedException">The name may not be used.</exception>
    internal static string Check(string what, string name) => FileName.FindWireMistake(name) is { } mistake
        ? throw new RefusedException($"{what} '{Printable.Line(name, replacement: ' ')}' can't be used: {mistake}")
        : name;
}
