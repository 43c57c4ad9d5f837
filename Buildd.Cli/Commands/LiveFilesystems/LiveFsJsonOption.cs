using System.CommandLine;

namespace Buildd.Cli.Commands.LiveFilesystems;

/// <summary>JSON that commands of live filesystems take, as text or from a file.</summary>
internal static class LiveFsJsonOption
{
    /// <summary>Names a file in the place of JSON.</summary>
    private const char FileMark = '@';

    internal static Option<string?> Metadata() => new("--metadata", "-m")
    {
        Description = "Arguments for the slave: a JSON object, or @FILE with one.",
        HelpName = "JSON",
    };

    /// <summary>Reads what was given; null when nothing was.</summary>
    /// <exception cref="FarmException">The file can't be read, or is too large.</exception>
    internal static async Task<string?> ReadAsync(string? given, CancellationToken cancellationToken)
    {
        if (given is not [FileMark, .. var path])
            return given;
        try
        {
            await using var file = File.OpenRead(path);
            using var reader = new StreamReader(file);
            var text = new char[Farm.LiveFilesystems.Metadata.MaxLength + 1];
            var length = await reader.ReadBlockAsync(text, cancellationToken);
            return new string(text, 0, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FarmException($"the file of --metadata can't be read: {e.Message}", e) { ExitCode = FarmExitCode.Usage };
        }
    }
}
