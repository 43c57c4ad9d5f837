namespace Buildd.Debian.ControlFiles;

/// <summary>A control file that can't be read; the message names the file, the line and the mistake.</summary>
/// <param name="file">The file, as the caller called it.</param>
/// <param name="line">The line, counted from 1; null when the mistake is not in one line.</param>
/// <param name="mistake">The mistake, in a few words and without the trailing full stop.</param>
public sealed class ControlFileException(string file, int? line, string mistake)
    : DebianException(line is null ? $"{file}: {mistake}." : $"{file}, line {line}: {mistake}.")
{
    /// <summary>The file, as the caller called it.</summary>
    public string File { get; } = file;

    /// <summary>The line, counted from 1; null when the mistake is not in one line.</summary>
    public int? Line { get; } = line;

    /// <summary>The mistake, in a few words.</summary>
    public string Mistake { get; } = mistake;
}
