using System.Text;
using Buildd.Backends.Steps;
using Buildd.Linux.Files;
using Buildd.Linux.Text;
using Buildd.Protocol.Messages;
using Buildd.Slave;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>The files that a plug-in's command leaves for the slave, which may be anything but what they should be.</summary>
/// <param name="context">What the build has of its slave.</param>
internal sealed class PlugInResults(IBuildContext context)
{
    /// <summary>The file, in the work folder, with what a build that ends as DEPFAIL waits for.</summary>
    internal const string DependenciesFile = "dependencies";

    /// <summary>The greatest length of that. It goes into every status answer, and people read it.</summary>
    internal const int MaxDependenciesBytes = 16 * 1024;

    /// <summary>How many entries the folder of results may have: a status answer names them all.</summary>
    internal const int MaxResults = 10_000;

    /// <summary>Reads the relation that the build waits for.</summary>
    /// <returns>The relation, or an empty text when the file can't be used: the exit code has said already that the build waits.</returns>
    internal string ReadDependencies(string work)
    {
        var (content, mistake) = UnixFile.ReadSmall(Path.Combine(work, DependenciesFile), MaxDependenciesBytes);
        mistake ??= content is null ? FileKind.Missing.Describe() : null;
        if (mistake is null)
        {
            try
            {
                var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content!).Trim();
                if (text.Length > 0 && !text.Any(char.IsControl))
                    return text;
                mistake = "it has to hold one line";
            }
            catch (DecoderFallbackException)
            {
                mistake = "it is not UTF-8";
            }
        }

        context.Log.WriteLine($"The file '{DependenciesFile}' of the build can't be used: {mistake}");
        return "";
    }

    /// <summary>Takes over every regular file that stands in the folder of results: all of them, or the build has failed.</summary>
    /// <exception cref="PhaseFailedException">Something can't be taken over.</exception>
    internal async Task GatherAsync(string results, CancellationToken abort)
    {
        try
        {
            if (UnixFile.KindOf(results) is var folder and not FileKind.Folder)
                throw new IOException($"'{results}' is no folder any more: {folder.Describe()}");
            var names = Directory.EnumerateFileSystemEntries(results)
                .Take(MaxResults + 1).Select(path => Path.GetFileName(path)!).ToList();
            if (names.Count > MaxResults)
                throw new IOException($"there are more than {MaxResults} of them");
            foreach (var name in names.Order(StringComparer.Ordinal))
                await GatherAsync(Path.Combine(results, name), name, abort).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RefusedException)
        {
            throw new PhaseFailedException(BuildStatus.PackageFail, $"Failed to gather results: {e.Message}", e);
        }
    }

    private async Task GatherAsync(string path, string name, CancellationToken abort)
    {
        switch (UnixFile.KindOf(path))
        {
            case FileKind.Regular:
                await context.AddResultAsync(path, name, abort).ConfigureAwait(false);
                break;
            case FileKind.Missing: // it was listed, so it is its name's bytes that text can't hold
                throw new IOException($"'{Printable.Line(name)}' can't be used: the name is not UTF-8");
            case var kind:
                context.Log.WriteLine($"'{Printable.Line(name)}' is no result: {kind.Describe()}");
                break;
        }
    }
}
