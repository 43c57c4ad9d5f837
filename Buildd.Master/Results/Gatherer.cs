using System.Globalization;
using System.Net;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Leaves;
using Buildd.Protocol;
using Buildd.Protocol.Client;

namespace Buildd.Master.Results;

/// <summary>
/// Brings the results of good builds into leaves of the upload queue, so that each leaf appears once and whole, wherever the
/// master is killed: the leaf's name is stored with the build before anything is fetched, what was fetched is kept and gone on
/// with, and one rename is the hand-over. Any thread may call, for one build one at a time.
/// </summary>
internal sealed class Gatherer : IDisposable
{
    private readonly SemaphoreSlim _downloads;
    private readonly MasterOptions _options;
    private readonly Func<string, long> _freeBytes;
    private readonly Func<string, long>? _totalBytes;
    private readonly LeafFolders _folders;

    public Gatherer(MasterOptions options, Func<string, long> freeBytes, Func<string, long>? totalBytes = null)
    {
        _options = options;
        _freeBytes = freeBytes;
        _totalBytes = totalBytes;
        _downloads = new SemaphoreSlim(options.MaxDownloads);
        _folders = new LeafFolders(options.Root);
        Directory.CreateDirectory(_folders.Grabbing);
        Directory.CreateDirectory(_folders.Incoming);
    }

    /// <summary>A name for a build's leaf that was never used.</summary>
    public string NameLeaf(Build build, DateTimeOffset now)
    {
        while (true)
        {
            var name = LeafName.Of(build, now).Text;
            if (!Path.Exists(Path.Combine(_folders.Grabbing, name)) && !Path.Exists(Path.Combine(_folders.Incoming, name)))
                return name;
            now = now.AddSeconds(1);
        }
    }

    public string LandedFolder(Build build) => Path.Combine(_folders.Incoming, FileName.Check(build.Leaf!));

    /// <summary>Whether the build's leaf is in <c>incoming/</c> already.</summary>
    public bool HasLanded(Build build) => build.Leaf is not null && Directory.Exists(LandedFolder(build));

    /// <summary>What is in a leaf that has landed.</summary>
    public async Task<IReadOnlyList<BuildFile>> ReadLandedAsync(Build build, CancellationToken cancellationToken)
    {
        var files = new List<BuildFile>();
        foreach (var path in Directory.EnumerateFiles(LeafFolders.ResultsIn(LandedFolder(build), build)).Order(StringComparer.Ordinal))
            files.Add(await Download.SumAsync(path, Path.GetFileName(path), cancellationToken).ConfigureAwait(false));
        return files;
    }

    /// <summary>
    /// Fetches all files of a build that is <see cref="BuildState.Gathering"/>, or what is still missing of them, and lands the leaf.
    /// </summary>
    /// <exception cref="ResultException">A file isn't what was promised, or there is no room for it. The leaf has not landed.</exception>
    /// <exception cref="SlaveException">A file can't be had. The leaf has not landed.</exception>
    public async Task<IReadOnlyList<BuildFile>> FetchAsync(
        Build build, ISlaveClient slave, IReadOnlyList<(string Name, Sha1 Sha1)> wanted, CancellationToken cancellationToken)
    {
        var leaf = Path.Combine(_folders.Grabbing, FileName.Check(build.Leaf!));
        var folder = Directory.CreateDirectory(LeafFolders.ResultsIn(leaf, build)).FullName;
        var space = new DiskSpace(_options.Root, _options.SpareBytes, _freeBytes, _totalBytes, _options.MaxResultBytes);
        var files = new BuildFile[wanted.Count];
        var bound = new ParallelOptions { MaxDegreeOfParallelism = _options.MaxDownloadsPerBuilder, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, wanted.Count, bound, async (i, stop) =>
        {
            await _downloads.WaitAsync(stop).ConfigureAwait(false);
            try
            {
                files[i] = await FetchAsync(slave, wanted[i], folder, i, space, stop).ConfigureAwait(false);
            }
            finally
            {
                _downloads.Release();
            }
        }).ConfigureAwait(false);

        cancellationToken.ThrowIfCancellationRequested();
        Durable.FlushFolder(folder);
        Durable.FlushFolder(Path.GetDirectoryName(folder)!);
        Durable.FlushFolder(leaf);
        try
        {
            Directory.Move(leaf, LandedFolder(build));
        }
        catch (IOException) when (Path.Exists(LandedFolder(build)))
        {
            throw new LeafExistsException(LandedFolder(build));
        }

        Durable.FlushFolder(_folders.Incoming);
        Durable.FlushFolder(_folders.Grabbing);
        return files;
    }

    /// <summary>Removes what was fetched of a build that is not gathered any more.</summary>
    public void Discard(Build build)
    {
        if (build.Leaf is { } leaf && Path.Combine(_folders.Grabbing, FileName.Check(leaf)) is var folder && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>
    /// Removes leaves in the making that belong to no build: a master was killed between a build's end and their removal.
    /// </summary>
    /// <param name="queued">Reads the builds that are queued, after the leaves were listed; not called when there are none.</param>
    public async Task SweepAsync(Func<Task<IReadOnlyList<Build>>> queued)
    {
        var found = Directory.GetDirectories(_folders.Grabbing);
        if (found.Length == 0)
            return;
        var own = (await queued().ConfigureAwait(false)).Select(build => build.Leaf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var folder in found.Where(folder => !own.Contains(Path.GetFileName(folder))))
            Directory.Delete(folder, recursive: true);
    }

    public void Dispose() => _downloads.Dispose();

    private static async Task<BuildFile> FetchAsync(
        ISlaveClient slave, (string Name, Sha1 Sha1) wanted, string folder, int number, DiskSpace space,
        CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, wanted.Name);
        if (File.Exists(path)) // from before a restart: it was verified then, and is again
        {
            var here = await Download.SumAsync(path, wanted.Name, cancellationToken).ConfigureAwait(false);
            if (here.Sha1 == wanted.Sha1)
            {
                space.Count(wanted.Name, here.Size);
                return here;
            }

            File.Delete(path);
        }

        // No result's name begins with a dot; two with one content are two downloads.
        var part = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $".{number}-{wanted.Sha1}.part"));
        var download = new Download(slave, space);
        BuildFile file;
        try
        {
            file = await download.RunAsync($"{wanted.Sha1}", wanted.Name, part, cancellationToken).ConfigureAwait(false);
        }
        catch (SlaveProtocolException exception) when (exception.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
            && File.Exists(part))
        {
            File.Delete(part); // it is longer than the file: what was fetched is not its beginning
            file = await download.RunAsync($"{wanted.Sha1}", wanted.Name, part, cancellationToken).ConfigureAwait(false);
        }
        catch (ResultMismatchException)
        {
            File.Delete(part);
            throw;
        }

        if (file.Sha1 != wanted.Sha1)
        {
            File.Delete(part);
            throw new ResultMismatchException(slave.Url, wanted.Name, $"{wanted.Sha1}", $"{file.Sha1}");
        }

        File.Move(part, path);
        return file;
    }
}
