using System.Buffers;
using System.Text.RegularExpressions;
using Buildd.Linux.Files;
using Buildd.Linux.Text;

namespace Buildd.Farm.People;

/// <summary>
/// The names of people, teams, archives and live filesystems: Launchpad's rule, so that addresses made of them need no quoting.
/// </summary>
internal static partial class Names
{
    /// <summary>The longest name, in characters.</summary>
    internal const int MaxLength = 100;

    /// <summary>The longest name for people to read, in characters.</summary>
    internal const int MaxDisplayLength = 200;

    /// <summary>The longest text about something, in characters.</summary>
    internal const int MaxDescriptionLength = 20_000;

    /// <summary>The rule, for messages.</summary>
    internal const string Rule =
        "a name begins with a lower-case letter or a digit, goes on with at least one more of these or + . -, and has at most 100 "
        + "characters";

    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\t\u2028\u2029");

    /// <summary>Whether it can be a name.</summary>
    internal static bool IsName(string name) => name.Length <= MaxLength && Pattern().IsMatch(name);

    /// <exception cref="FarmException">It can't be a name.</exception>
    /// <param name="name">What was given.</param>
    /// <param name="what">Of what, such as <c>person</c>.</param>
    /// <returns>The name.</returns>
    internal static string Check(string name, string what) =>
        IsName(name) ? name : throw FarmException.Invalid($"{FileName.Display(name)} can't be the name of a {what}: {Rule}");

    /// <exception cref="FarmException">It is too long, or has something in it that no terminal should see.</exception>
    /// <param name="text">What was given: one line.</param>
    /// <param name="what">Of what, such as <c>display name</c>.</param>
    internal static string CheckLine(string text, string what)
    {
        if (text.Length > MaxDisplayLength)
            throw FarmException.Invalid($"the {what} has {text.Length} characters, and can have {MaxDisplayLength}");
        if (text.AsSpan().ContainsAny(LineEnds) || !IsStorable(text))
            throw FarmException.Invalid($"the {what} {FileName.Display(text)} is not one line of text without control characters");
        return text;
    }

    /// <exception cref="FarmException">It is too long, or has control characters other than ends of lines and tabs.</exception>
    /// <param name="text">What was given.</param>
    internal static string CheckDescription(string text)
    {
        if (text.Length > MaxDescriptionLength)
            throw FarmException.Invalid($"the description has {text.Length} characters, and can have {MaxDescriptionLength}");
        return IsStorable(text)
            ? text
            : throw FarmException.Invalid("the description has control characters: only ends of lines and tabs may be in it");
    }

    /// <summary>
    /// Whether text commands no terminal and is Unicode: PostgreSQL refuses the character NUL, and both engines half a surrogate pair.
    /// </summary>
    private static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsSurrogatePair(text, i))
                return false;
            i++;
        }

        return Printable.IsText(text);
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.\-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
