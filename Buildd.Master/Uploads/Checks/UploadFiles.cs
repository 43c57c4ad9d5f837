using Buildd.Debian.Packages;
using Buildd.Linux.Files;

namespace Buildd.Master.Uploads.Checks;

/// <summary>Compares the files with what the <c>.changes</c> says of them: there, plain, of that size and those sums.</summary>
internal sealed class UploadFiles(UploadPolicy policy, FindingList findings)
{
    /// <summary>The files that are what was listed, in their order.</summary>
    public async Task<IReadOnlyList<UploadedFile>> CheckAsync(string changesPath, Changes changes, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(changesPath))!;
        var files = new List<UploadedFile>();
        foreach (var listed in changes.Files)
        {
            if (await CheckAsync(folder, listed, cancellationToken).ConfigureAwait(false) is { } file)
                files.Add(file);
        }

        return files;
    }

    private async Task<UploadedFile?> CheckAsync(string folder, ListedFile listed, CancellationToken cancellationToken)
    {
        if (!DebNames.IsPlain(listed.Name))
            findings.Reject(listed.Name, "has a name with other characters than letters, digits and -+~._");
        var path = Path.Combine(folder, FileName.Check(listed.Name));
        switch (UnixFile.KindOf(path))
        {
            case FileKind.Regular:
                break;
            case FileKind.Missing:
                findings.Reject(listed.Name, "is listed and isn't there");
                return null;
            default:
                findings.Reject(listed.Name, "is listed and is no plain file");
                return null;
        }

        var size = new FileInfo(path).Length;
        if (size != listed.Size)
        {
            findings.Reject(listed.Name, $"has {size} bytes, and {listed.Size} are listed");
            return null; // the sums can't agree, and what it would be read for is not what was built
        }

        var sums = await FileSums.OfAsync(path, cancellationToken).ConfigureAwait(false);
        var agrees = Agrees(listed.Name, "MD5", sums.Md5, listed.Md5);
        agrees &= Agrees(listed.Name, "SHA-1", sums.Sha1.ToString(), listed.Sha1);
        agrees &= Agrees(listed.Name, "SHA-256", sums.Sha256, listed.Sha256);
        if (listed.Sha256 is null)
            findings.Warn(listed.Name, "is listed without a SHA-256");
        if (!agrees)
            return null;

        var (component, section) = DebNames.SplitSection(listed.Section!);
        return new UploadedFile
        {
            Name = listed.Name,
            Path = path,
            Kind = DebNames.KindOf(listed)!.Value,
            Size = size,
            Sha1 = sums.Sha1,
            Sha256 = sums.Sha256,
            Component = policy.Components.Contains(component) ? component : "main",
            Section = section,
            Priority = listed.Priority!,
        };
    }

    private bool Agrees(string name, string sum, string found, string? listed)
    {
        if (listed is null || found == listed)
            return true;
        findings.Reject(name, $"has the {sum} {found}, and {listed} is listed");
        return false;
    }
}
