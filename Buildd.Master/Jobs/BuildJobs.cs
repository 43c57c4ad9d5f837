using Buildd.Protocol.Messages;

namespace Buildd.Master.Jobs;

/// <summary>Makes the jobs of the managers we know.</summary>
public static class BuildJobs
{
    /// <summary>A job that builds a source package.</summary>
    /// <param name="cookie">The build's name between master and slave.</param>
    /// <param name="chroot">The chroot to build in.</param>
    /// <param name="files">The <c>.dsc</c> and what it lists.</param>
    /// <param name="arguments">How to build it.</param>
    /// <exception cref="ArgumentException">
    /// There is no <c>.dsc</c> among the files, or more than one: the slave would build the last.
    /// </exception>
    /// <exception cref="Debian.FileNameException">The cookie can't be part of a folder's name.</exception>
    public static BuildJob BinaryPackage(
        string cookie, InputFile chroot, IReadOnlyList<InputFile> files, BinaryPackageArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(arguments);
        var descriptions = files.Count(file => file.Name.EndsWith(".dsc", StringComparison.Ordinal));
        if (descriptions != 1)
            throw new ArgumentException($"A source package has one .dsc, and here are {descriptions}.", nameof(files));
        return new BuildJob
        {
            Cookie = cookie,
            BuilderTag = WireNames.Managers.BinaryPackage,
            Chroot = chroot,
            Files = files,
            Arguments = arguments.ToXmlRpc(),
        };
    }

    /// <summary>A job that makes a live file system or another image.</summary>
    /// <param name="cookie">The build's name between master and slave.</param>
    /// <param name="chroot">The chroot to build in.</param>
    /// <param name="arguments">What to make.</param>
    /// <exception cref="Debian.FileNameException">The cookie can't be part of a folder's name.</exception>
    public static BuildJob LiveFs(string cookie, InputFile chroot, LiveFsArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new BuildJob { Cookie = cookie, BuilderTag = WireNames.Managers.LiveFs, Chroot = chroot, Arguments = arguments.ToXmlRpc() };
    }
}
