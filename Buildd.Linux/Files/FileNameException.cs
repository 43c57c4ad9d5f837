namespace Buildd.Linux.Files;

/// <summary>A name from outside that must not become a path; see <see cref="FileName.Check"/>.</summary>
/// <param name="name">The name as it came.</param>
/// <param name="mistake">What is wrong with it, as <see cref="FileName.FindMistake"/> says it.</param>
public sealed class FileNameException(string name, string mistake)
    : Exception($"The file name {FileName.Display(name)} is refused: {mistake}.")
{
    /// <summary>The name as it came: unchecked, so not for a path, a terminal or a log.</summary>
    public string Name { get; } = name;

    /// <summary>What is wrong with the name, in a few words.</summary>
    public string Mistake { get; } = mistake;
}
