using Buildd.Farm.People;
using Buildd.Linux.Files;

namespace Buildd.Farm.Distributions;

/// <summary>Checks of what people say of distributions and archives. What passes them, both engines store.</summary>
internal static class Texts
{
    /// <exception cref="FarmException">It is too long, or is not one line of Unicode.</exception>
    /// <param name="text">What was given.</param>
    /// <param name="what">Of what, such as <c>title</c>.</param>
    internal static string CheckLine(string text, string what)
    {
        CheckUnicode(text, what);
        return Names.CheckLine(text, what);
    }

    /// <exception cref="FarmException">It is too long, or has control characters in it beside the ends of lines and tabulators.</exception>
    internal static string CheckDescription(string text)
    {
        CheckUnicode(text, "description");
        if (text.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))
            throw FarmException.Invalid("the description has a control character in it");
        return Names.CheckDescription(text);
    }

    /// <summary>Checks a list of names.</summary>
    /// <param name="names">What was given.</param>
    /// <param name="most">How many there may be.</param>
    /// <param name="what">What each is, such as <c>component</c>.</param>
    /// <exception cref="FarmException">There are too many, one is no name, or is there twice.</exception>
    internal static void CheckNames(IReadOnlyList<string> names, int most, string what)
    {
        if (names.Count > most)
            throw FarmException.Invalid($"{names.Count} names were given for '{what}', and there can be {most}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if (!seen.Add(Names.Check(name, what)))
                throw FarmException.Invalid($"the {what} {FileName.Display(name)} is there twice");
        }
    }

    /// <summary>Refuses half a character alone, which can't be sent to a database.</summary>
    /// <exception cref="FarmException">There is one.</exception>
    /// <param name="text">What was given.</param>
    /// <param name="what">Of what, such as <c>title</c>.</param>
    internal static void CheckUnicode(string text, string what)
    {
        if (HasLoneSurrogate(text))
            throw FarmException.Invalid($"the {what} has half a character in it");
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i))
                i++;
            else if (char.IsSurrogate(text[i]))
                return true;
        }

        return false;
    }
}
