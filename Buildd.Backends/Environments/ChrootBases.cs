using System.Globalization;
using System.Text;
using Buildd.Backends.Commands;
using Buildd.Backends.Root;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Slave.Files;

namespace Buildd.Backends.Environments;

/// <summary>The chroots that were unpacked once for all builds, in the folder <c>bases</c> of a work folder.</summary>
/// <param name="access">How what needs root is done.</param>
/// <param name="workDirectory">The work folder.</param>
/// <param name="time">The clock.</param>
public sealed class ChrootBases(RootAccess access, string workDirectory, TimeProvider time) : IDerivedFiles
{
    /// <summary>A number of bytes is no longer.</summary>
    private const int MaxSizeBytes = 32;

    /// <inheritdoc/>
    public IReadOnlyList<DerivedFile> List()
    {
        var folder = Path.Combine(workDirectory, ChrootBase.FolderName);
        if (!Directory.Exists(folder))
            return [];
        var found = new List<DerivedFile>();
        foreach (var path in Directory.EnumerateDirectories(folder))
        {
            if (!Sha1.TryParse(Path.GetFileName(path), out var sha1))
                continue;
            var file = Path.Combine(path, ChrootBase.SizeFile);
            var (content, _) = UnixFile.ReadSmall(file, MaxSizeBytes);
            // One that was removed meanwhile has no content, and takes nothing.
            if (content is not null)
            {
                found.Add(new DerivedFile(
                    sha1,
                    long.TryParse(Encoding.ASCII.GetString(content).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                        ? bytes
                        : 0,
                    File.GetLastWriteTimeUtc(file)));
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public async Task RemoveAsync(Sha1 sha1, CancellationToken cancellationToken)
    {
        var scope = ProcessScope.Open("drop", time: time);
        await using var closing = scope.ConfigureAwait(false);
        var said = new Complaint();
        try
        {
            var code = await RootRunner.In(access, workDirectory, scope, time).RunAsync(
                new RootOperation.Drop(sha1), default, said.Write, cancellationToken).ConfigureAwait(false);
            if (code != 0)
                throw new IOException($"what was unpacked of {sha1} could not be removed: {said}");
        }
        catch (Exception e) when (e is RootOperationException or ProcessException)
        {
            throw new IOException($"what was unpacked of {sha1} could not be removed: {e.Message}", e);
        }
    }
}
