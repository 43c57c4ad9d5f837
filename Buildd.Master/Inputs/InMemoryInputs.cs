using System.Collections.Concurrent;
using Buildd.Master.Builds;
using Buildd.Protocol;

namespace Buildd.Master.Inputs;

/// <summary>Files that a program tells of, wherever slaves get them. Any thread may add and find.</summary>
public sealed class InMemoryInputs : IInputSource
{
    private readonly ConcurrentDictionary<(string Series, string ArchTag), InputFile> _chroots = new();
    private readonly ConcurrentDictionary<(string Name, Sha1? Sha1), InputFile> _files = new();

    /// <summary>Adds or replaces the chroot of a series and architecture.</summary>
    public void AddChroot(string series, string archTag, InputFile chroot) => _chroots[(series, archTag)] = chroot;

    /// <summary>Adds a source file, to be found by its name and sum, and by its name alone as the last of that name.</summary>
    public void AddFile(InputFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        _files[(file.Name, file.Sha1)] = _files[(file.Name, null)] = file;
    }

    /// <inheritdoc/>
    public Task<InputFile?> FindChrootAsync(string series, string archTag, CancellationToken cancellationToken = default) =>
        Task.FromResult(_chroots.GetValueOrDefault((series, archTag)));

    /// <inheritdoc/>
    public Task<InputFile?> FindFileAsync(Build build, string name, Sha1? sha1, CancellationToken cancellationToken = default) =>
        Task.FromResult(_files.GetValueOrDefault((name, sha1)));
}
