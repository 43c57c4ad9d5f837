using Buildd.Backends.DebianBuilds;
using Buildd.Debian.Keys;
using Buildd.Linux.Processes;

namespace Buildd.Backends.BinaryPackage;

/// <summary>Collects, while a package is built, what its <see cref="ProvenanceStatement"/> says.</summary>
internal sealed class ProvenanceRecorder(BuildSite site, PackageRequest request, string builderVersion)
{
    private readonly List<FileDigests> _inputs = [];
    private readonly List<FileDigests> _results = [];

    /// <summary>Notes what there is to build from, once the system is up to date.</summary>
    /// <exception cref="IOException">Something can't be read.</exception>
    internal async Task AddInputsAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, path) in site.Context.Request.Files)
            _inputs.Add(await FileDigests.ReadAsync(name, path, cancellationToken).ConfigureAwait(false));
        _inputs.Add(await FileDigests.ReadAsync("chroot", site.Context.Request.ChrootPath, cancellationToken).ConfigureAwait(false));
        _inputs.AddRange(await ArchiveDigests.ReadAsync(ReadInsideAsync, cancellationToken).ConfigureAwait(false));

        Task<int> ReadInsideAsync(Command command, OutputWriter output, CancellationToken stop) => site.Environment.RunInsideAsync(
            command, stop, output: output, description: $"{command.File} in the chroot (its output is read, and not logged)");
    }

    /// <summary>Notes a result that has been taken over.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    internal async Task AddResultAsync(string name, string path, CancellationToken cancellationToken) =>
        _results.Add(await FileDigests.ReadAsync(name, path, cancellationToken).ConfigureAwait(false));

    /// <summary>Makes the statement a result.</summary>
    /// <exception cref="IOException">It can't be written, or the build has put something in its place.</exception>
    internal async Task StoreAsync(string? debBuildOptions, CancellationToken cancellationToken)
    {
        var context = site.Context;
        var statement = new ProvenanceStatement
        {
            Results = _results,
            Inputs = _inputs,
            Request = request,
            TrustedKeys = [.. request.System.TrustedKeys.SelectMany(key => KeyRing.Read(key).Keys).Select(key => key.Fingerprint)],
            DebBuildOptions = debBuildOptions,
            BuilderName = Environment.MachineName,
            BuilderVersion = builderVersion,
            BuildId = context.Request.BuildId,
            Started = site.Phases.Start,
            Finished = context.Time.GetUtcNow(),
        };
        var path = Path.Combine(context.Directory, ".provenance");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await using (file.ConfigureAwait(false))
            await statement.WriteAsync(file, cancellationToken).ConfigureAwait(false);
        await context.AddResultAsync(path, ProvenanceStatement.FileName, cancellationToken).ConfigureAwait(false);
    }
}
