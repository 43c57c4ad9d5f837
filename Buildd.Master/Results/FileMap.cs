using Buildd.Linux.Files;
using Buildd.Master.Inputs;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Results;

/// <summary>What a slave says it has built. It can say anything.</summary>
internal static class FileMap
{
    /// <summary>More names than this in a file map aren't believed; the biggest sources have some thousand packages.</summary>
    private const int MaxFiles = 10_000;

    /// <summary>Looks at every entry, before anything is asked for or written.</summary>
    /// <exception cref="BadFileMapException">One can't be fetched.</exception>
    public static List<(string Name, string Sha1)> Check(Uri slave, IReadOnlyDictionary<string, string>? fileMap)
    {
        var wanted = new List<(string, string)>();
        foreach (var (name, sha1) in fileMap ?? new Dictionary<string, string>())
        {
            var mistake = FileName.FindMistake(name)
                ?? (name == WireNames.BuildLog ? "the log has that name" : null)
                ?? (InputFile.IsSha1(sha1) ? null : $"its sum is {FileName.Display(sha1)}, which is no SHA-1")
                ?? (wanted.Count < MaxFiles ? null : $"it is one more than {MaxFiles}");
            if (mistake is not null)
                throw new BadFileMapException(slave, name, mistake);
            wanted.Add((name, sha1));
        }

        return wanted;
    }
}
