namespace Buildd.Farm;

/// <summary>Text from a build or a slave may hold sequences that would command a terminal; here they lose their force.</summary>
internal static class Printable
{
    internal static string Text(string text) =>
        text.Any(IsHarmful) ? new string([.. text.Where(c => !IsHarmful(c))]) : text;

    private static bool IsHarmful(char c) => char.IsControl(c) && c is not ('\n' or '\t');
}
