using Buildd.Linux.Files;
using Buildd.Protocol;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Results;

/// <summary>What a slave says it has built. It can say anything.</summary>
internal static class FileMap
{
    /// <summary>More names than this in a file map aren't believed; the biggest sources have some thousand packages.</summary>
    private const int MaxFiles = 10_000;

    /// <summary>Looks at every entry, before anything is asked for or written.</summary>
    /// <exception cref="BadFileMapException">One can't be fetched.</exception>
    public static List<(string Name, Sha1 Sha1)> Check(Uri slave, IReadOnlyDictionary<string, string>? fileMap)
    {
        var wanted = new List<(string, Sha1)>();
        foreach (var (name, sum) in fileMap ?? new Dictionary<string, string>())
        {
            var isSum = Sha1.TryParse(sum, out var sha1);
            var mistake = FileName.FindMistake(name)
                ?? (name == WireNames.BuildLog ? "the log has that name" : null)
                ?? (isSum ? null : $"its sum is {FileName.Display(sum)}, which is no SHA-1")
                ?? (wanted.Count < MaxFiles ? null : $"it is one more than {MaxFiles}");
            if (mistake is not null)
                throw new BadFileMapException(slave, name, mistake, isSum && IsNameOfFile(name));
            wanted.Add((name, sha1));
        }

        return wanted;
    }

    /// <summary>Whether a file in a folder can have the name. A slave that means well takes the folder off.</summary>
    private static bool IsNameOfFile(string name) => name is not ("" or "." or "..") && name.AsSpan().IndexOfAny('/', '\0') < 0;
}
