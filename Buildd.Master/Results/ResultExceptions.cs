using System.Globalization;
using Buildd.Linux.Files;

namespace Buildd.Master.Results;

/// <summary>
/// Results could not be brought home. Nothing of them is in <c>incoming</c>, and the slave still has them. Not under
/// this: the conversation breaking (<see cref="Protocol.Client.SlaveException"/>), the disk failing
/// (<see cref="IOException"/>).
/// </summary>
internal abstract class ResultException : MasterException
{
    private protected ResultException(string message) : base(message)
    {
    }
}

/// <summary>The slave's file map has an entry that can't be fetched; nothing was.</summary>
internal sealed class BadFileMapException(Uri slave, string name, string mistake, bool isOfBuild)
    : ResultException($"The file map of {slave} has the file {FileName.Display(name)}: {mistake}.")
{
    /// <summary>The name as it came: unchecked, so not for a path, a terminal or a log.</summary>
    public string Name { get; } = name;

    /// <summary>What is wrong with the entry, in a few words.</summary>
    public string Mistake { get; } = mistake;

    /// <summary>Whether the build may have left such a file, and would leave it at any slave; otherwise the slave is at fault.</summary>
    public bool IsOfBuild { get; } = isOfBuild;
}

/// <summary>A file came with another content than the slave had promised.</summary>
internal sealed class ResultMismatchException(Uri slave, string name, string expected, string found)
    : ResultException($"{slave} sent another {FileName.Display(name)} than it promised: expected {expected}, found {found}.")
{
    /// <summary>The file.</summary>
    public string Name { get; } = name;

    /// <summary>What was promised: a SHA-1, or a number of bytes.</summary>
    public string Expected { get; } = expected;

    /// <summary>What came: a SHA-1, or a number of bytes.</summary>
    public string Found { get; } = found;
}

/// <summary>There is a leaf of that name already. It was left as it is.</summary>
internal sealed class LeafExistsException(string leaf) : ResultException($"{leaf} exists already, and is not overwritten.")
{
    /// <summary>The folder.</summary>
    public string Leaf { get; } = leaf;
}

/// <summary>The disk has no room for a file.</summary>
internal sealed class NoSpaceException(string root, string name, long needed, long available)
    : ResultException(string.Create(CultureInfo.InvariantCulture,
        $"{root} has no room for {FileName.Display(name)}: it takes {needed} bytes and {available} are to be had."))
{
    /// <summary>The file for which there was no room.</summary>
    public string Name { get; } = name;

    /// <summary>Its size in bytes.</summary>
    public long Needed { get; } = needed;

    /// <summary>
    /// How many bytes there are for it: what is free, without <see cref="MasterOptions.SpareBytes"/> and what other
    /// downloads of the same build still need.
    /// </summary>
    public long Available { get; } = available;
}

/// <summary>A build has left more than there can ever be room for. Every slave would send as much.</summary>
internal sealed class ResultsTooLargeException(long most, string? disk)
    : ResultException(string.Create(CultureInfo.InvariantCulture,
        $"Its results have more than {most} bytes, "
        + $"{(disk is null ? "the most that a build may leave" : $"all that the disk of {disk} could hold")}."))
{
    /// <summary>The bytes that there is ever room for.</summary>
    public long Most { get; } = most;
}
