using Buildd.Linux.Files;

namespace Buildd.Master;

/// <summary>The words that say what a builder has and a build needs: kept sorted, each once, so that equal sets are equal texts.</summary>
internal static class ResourceWords
{
    public static IReadOnlyList<string> Check(IReadOnlyList<string> words, int most)
    {
        ArgumentNullException.ThrowIfNull(words);
        string[] sorted = [.. words.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (sorted.Length > most)
            throw new ArgumentException($"There are {sorted.Length} resource words, and at most {most} are looked at.", nameof(words));
        return Array.Find(sorted, word => word.Length == 0 || word.Any(c => char.IsWhiteSpace(c) || char.IsControl(c))) is { } bad
            ? throw new ArgumentException($"{FileName.Display(bad)} is no resource word: it is empty or has blanks.", nameof(words))
            : sorted;
    }
}
