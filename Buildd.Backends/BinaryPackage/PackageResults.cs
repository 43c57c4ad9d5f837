using Buildd.Backends.Steps;
using Buildd.Debian;
using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.BinaryPackage;

/// <summary>
/// The files that a package's build left. They may be anything, and processes of the package may live still: so each is taken over first,
/// and what is read and attested is what was taken over.
/// </summary>
internal static class PackageResults
{
    /// <summary>The largest <c>.changes</c>: a thousand times what those of large packages have.</summary>
    private const int MaxChangesBytes = 16 * 1024 * 1024;

    /// <summary>Takes over the <c>.changes</c> and every file it lists: all of it, or the package has failed.</summary>
    /// <param name="context">The build.</param>
    /// <param name="changesName">The name of the <c>.changes</c>.</param>
    /// <param name="provenance">Notes what was taken over, and becomes a result as well; null for none.</param>
    /// <param name="debBuildOptions">What the provenance says of them.</param>
    /// <param name="abort">Ends it.</param>
    /// <exception cref="PhaseFailedException">PACKAGEFAIL: something is missing, is no ordinary file, or can't be read.</exception>
    internal static async Task GatherAsync(
        IBuildContext context, string changesName, ProvenanceRecorder? provenance, string? debBuildOptions, CancellationToken abort)
    {
        try
        {
            // A pipe would be waited for by whoever opens it.
            if (UnixFile.KindOf(Path.Combine(context.Directory, changesName)) != FileKind.Regular)
                throw new PhaseFailedException(BuildStatus.PackageFail, $"sbuild left no {changesName}");
            var (content, mistake) = UnixFile.ReadSmall(await TakeAsync(changesName).ConfigureAwait(false), MaxChangesBytes);
            if (content is null)
                throw new IOException($"{changesName} can't be read: {mistake}");
            foreach (var name in Changes.Read(changesName, content).Files.Select(file => file.Name))
            {
                if (provenance is not null && name == ProvenanceStatement.FileName)
                    throw new IOException($"the package lists a file '{name}', which is what its provenance is called");
                await TakeAsync(name).ConfigureAwait(false);
            }

            if (provenance is not null)
                await provenance.StoreAsync(debBuildOptions, abort).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or DebianException or RefusedException)
        {
            throw new PhaseFailedException(BuildStatus.PackageFail, $"Failed to gather results: {e.Message}", e);
        }

        async Task<string> TakeAsync(string name)
        {
            var taken = await context.AddResultAsync(Path.Combine(context.Directory, name), name, abort).ConfigureAwait(false);
            if (provenance is not null)
                await provenance.AddResultAsync(name, taken, abort).ConfigureAwait(false);
            return taken;
        }
    }
}
