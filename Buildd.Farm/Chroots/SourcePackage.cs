using Buildd.Debian;
using Buildd.Debian.Packages;
using Buildd.Linux.Processes;
using Buildd.Linux.Text;

namespace Buildd.Farm.Chroots;

/// <summary>A source package from the machine's mirror, as files on this disk: the <c>.dsc</c> first.</summary>
/// <param name="Name">The package.</param>
/// <param name="Version">Its version.</param>
/// <param name="Files">The paths.</param>
internal sealed record SourcePackage(string Name, string Version, IReadOnlyList<string> Files)
{
    /// <summary>Fetches the newest version, without touching the machine's own apt state.</summary>
    /// <exception cref="FarmException">There is no such package, or the mirror lacks a part of it.</exception>
    internal static async Task<SourcePackage> FetchAsync(
        HostRelease release, string name, string directory, CancellationToken cancellationToken)
    {
        if (name.Length < 2 || !char.IsAsciiLetterOrDigit(name[0])
            || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '+' or '-' or '.'))
            throw new FarmException(
                $"'{Printable.Text(name)}' is no name of a source package: lower-case letters, digits and + - . make one");

        var apt = Path.Combine(directory, "apt");
        var files = Path.Combine(directory, "source");
        // The list of archives may have a password in it, and others may pass through the folder around this one.
        Directory.CreateDirectory(apt, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(Path.Combine(apt, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(apt, "cache", "archives", "partial"));
        Directory.CreateDirectory(files);
        var list = Path.Combine(apt, "sources.list");
        await File.WriteAllTextAsync(list, release.LocalLine("deb-src") + "\n", cancellationToken);
        var command = Command.Of("apt-get", "-q",
            "-o", $"Dir::Etc::sourcelist={list}", "-o", "Dir::Etc::sourceparts=-",
            "-o", $"Dir::State::lists={apt}/lists", "-o", $"Dir::Cache={apt}/cache",
            "-o", "APT::Sandbox::User=root", "-o", "APT::Update::Error-Mode=any") with
        { WorkingDirectory = files };

        try
        {
            await ProcessRunner.CaptureAsync(command.With("update"), cancellationToken);
        }
        catch (ProcessException e)
        {
            throw new FarmException($"the list of source packages could not be fetched from {release.PublicMirror}: {e.Message}", e);
        }

        try
        {
            await ProcessRunner.CaptureAsync(command.With("source", "--download-only", "--only-source", name), cancellationToken);
        }
        catch (ProcessException e) when (e.Message.Contains(" 404 ", StringComparison.Ordinal))
        {
            // Alone: the message has the command in it, and the random name of a folder may have these digits.
            throw new FarmException(
                $"the mirror {release.PublicMirror} lists {name}, but lacks a file of it; try another package:\n{e.Message}", e);
        }
        catch (ProcessException e)
        {
            throw new FarmException(
                $"the source of {name} could not be fetched from {release.PublicMirror} ({release.Suite} main): {e.Message}", e);
        }

        return await ReadAsync(release, name, files, cancellationToken);
    }

    private static async Task<SourcePackage> ReadAsync(HostRelease release, string name, string files, CancellationToken cancellationToken)
    {
        if (Directory.GetFiles(files, "*.dsc") is not [var dsc])
            throw new FarmException($"the mirror {release.PublicMirror} has no one .dsc of {name}");
        try
        {
            var source = await SourceControl.ReadFileAsync(dsc, cancellationToken);
            var paths = source.Files.Select(file => Path.Combine(files, file.Name)).ToList();
            return paths.FirstOrDefault(path => !File.Exists(path)) is { } missing
                ? throw new FarmException(
                    $"the mirror {release.PublicMirror} lacks {Path.GetFileName(missing)}, which {Path.GetFileName(dsc)} lists")
                : new SourcePackage(source.Source, source.Version, [dsc, .. paths]);
        }
        catch (DebianException e)
        {
            throw new FarmException($"the .dsc of {name} can't be read: {e.Message}", e);
        }
    }
}
