using System.Collections.Concurrent;
using System.Security.Cryptography;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Protocol;

namespace Buildd.Master.Inputs;

/// <summary>
/// Files of one folder that some web server offers to the slaves: <c>chroot-SERIES-ARCH.tar.*</c> are chroots, all others
/// sources. What is put there or replaced later is found; sums are computed once per size and time of change.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="url">Where slaves find the folder: <c>http://files.example/inputs/</c>. The server is somebody else's.</param>
public sealed class DirectoryInputs(string folder, Uri url) : IInputSource
{
    private readonly ConcurrentDictionary<string, (long Size, DateTime Changed, Sha1 Sha1)> _sums = new(StringComparer.Ordinal);
    private readonly Uri _url = url.AbsoluteUri.EndsWith('/') ? url : new Uri(url.AbsoluteUri + "/");

    /// <inheritdoc/>
    /// <remarks>Of several, such as <c>.tar.gz</c> beside <c>.tar.xz</c>, the first by name.</remarks>
    public async Task<InputFile?> FindChrootAsync(string series, string archTag, CancellationToken cancellationToken = default)
    {
        var prefix = $"chroot-{series}-{archTag}.tar";
        var name = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))
            .Where(name => name == prefix || name.StartsWith(prefix + ".", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .FirstOrDefault();
        return name is null ? null : await FindAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<InputFile?> FindFileAsync(Build build, string name, Sha1? sha1, CancellationToken cancellationToken = default)
    {
        var file = FileName.FindMistake(name) is null ? await FindAsync(name, cancellationToken).ConfigureAwait(false) : null;
        return sha1 is null || file?.Sha1 == sha1 ? file : null;
    }

    private async Task<InputFile?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var info = new FileInfo(Path.Combine(folder, name));
        if (!info.Exists)
            return null;
        if (!_sums.TryGetValue(name, out var known) || known.Size != info.Length || known.Changed != info.LastWriteTimeUtc)
        {
            known = (info.Length, info.LastWriteTimeUtc, await SumAsync(info.FullName, cancellationToken).ConfigureAwait(false));
            _sums[name] = known;
        }

        return new InputFile { Name = name, Sha1 = known.Sha1, Url = new Uri(_url, Uri.EscapeDataString(name)).AbsoluteUri };
    }

    private static async Task<Sha1> SumAsync(string path, CancellationToken cancellationToken)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        await using (stream.ConfigureAwait(false))
        {
#pragma warning disable CA5350 // the protocol's sum
            return new Sha1(await SHA1.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
#pragma warning restore CA5350
        }
    }
}
