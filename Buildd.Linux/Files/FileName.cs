using System.Text;
using Buildd.Linux.Text;

namespace Buildd.Linux.Files;

/// <summary>
/// The one rule for names that come from outside (a file map, a <c>.dsc</c>, a <c>.changes</c>, a build's cookie) and
/// are about to become a path. A name that passes is one component of a path on every file system we use; it can't
/// leave its folder, hide in it, or be taken for an option by a program it is handed to. Safe to call from any thread.
/// </summary>
public static class FileName
{
    /// <summary>The longest name in bytes of UTF-8: NAME_MAX of Linux (limits.h).</summary>
    public const int MaxBytes = 255;

    /// <summary>
    /// The longest name from the wire, in bytes of UTF-8: <see cref="MaxBytes"/> less what a slave puts before and after it.
    /// </summary>
    public const int MaxWireBytes = 200;

    /// <summary>How much of a name <see cref="Display"/> shows, in characters; a line of a log stays readable.</summary>
    private const int MaxDisplayed = 120;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// What is wrong with <paramref name="name"/>, or null when it may be used. Refused are: the empty name; a slash or
    /// a backslash; a dot at the front (with it <c>.</c>, <c>..</c> and hidden files: those names are left to our own
    /// temporary files); a dash at the front; characters that are control or format characters or line separators;
    /// halves of surrogate pairs; more than <see cref="MaxBytes"/> bytes. Blanks inside a name are allowed.
    /// </summary>
    public static string? FindMistake(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0)
            return "it is empty";
        if (name[0] is '.')
            return "it begins with a dot";
        if (name[0] is '-')
            return "it begins with a dash";
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value is '/' or '\\')
                return "it has a slash or a backslash in it";
            if (Printable.IsHarmful(rune))
                return "it has a control character in it";
        }

        return IsTooLong(name, out var malformed) ? $"it is longer than {MaxBytes} bytes"
            : malformed ? "it is not well-formed Unicode"
            : null;
    }

    /// <summary>
    /// What is wrong with a name from a slave's wire (build ids, names of inputs and results) that becomes one part of a path, or null when
    /// it may be used. Looser than <see cref="FindMistake"/>, as masters send names such as <c>.config</c> and the original takes them:
    /// refused are the empty name, <c>.</c> and <c>..</c>, a slash, control characters and more than <see cref="MaxWireBytes"/> bytes.
    /// </summary>
    public static string? FindWireMistake(string name) => name switch
    {
        null => throw new ArgumentNullException(nameof(name)),
        "" => "it is empty",
        "." or ".." => "it is no name",
        _ when Encoding.UTF8.GetByteCount(name) > MaxWireBytes => $"it is longer than {MaxWireBytes} bytes",
        _ when name.Contains('/', StringComparison.Ordinal) => "it has a slash in it",
        _ when name.Any(char.IsControl) => "it has a control character in it",
        _ => null,
    };

    /// <summary>Returns <paramref name="name"/> when <see cref="FindMistake"/> has nothing against it.</summary>
    /// <exception cref="FileNameException">The name is refused.</exception>
    public static string Check(string name) =>
        FindMistake(name) is { } mistake ? throw new FileNameException(name, mistake) : name;

    /// <summary>
    /// The name in quotation marks, fit for a message: whatever <see cref="FindMistake"/> calls a control character is
    /// written as <c>\uXXXX</c>, and a long name is cut.
    /// </summary>
    public static string Display(string name) => Printable.Quoted(name, MaxDisplayed);

    private static bool IsTooLong(string name, out bool malformed)
    {
        malformed = false;
        try
        {
            return StrictUtf8.GetByteCount(name) > MaxBytes;
        }
        catch (EncoderFallbackException)
        {
            malformed = true;
            return false;
        }
    }
}
