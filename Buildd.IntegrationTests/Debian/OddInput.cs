using System.Text;
using Buildd.Debian;

namespace Buildd.IntegrationTests.Debian;

/// <summary>What a reader made of an input.</summary>
/// <param name="Form">What was read, in a form that two readers have alike; null when the input was refused.</param>
/// <param name="Reason">Why it was refused; empty when it was read.</param>
internal sealed record Reading(string? Form, string Reason)
{
    internal bool IsRefused => Form is null;

    /// <summary>What a reader of ours makes of an input.</summary>
    internal static Reading Of(Func<string> read)
    {
        try
        {
            return new Reading(read(), "");
        }
        catch (DebianException e)
        {
            return new Reading(null, e.Message);
        }
    }

    public override string ToString() => Form is null ? $"refused: {Reason}" : $"read: {OddInput.Visible(Form)}";
}

/// <summary>An input, and what two readers made of it.</summary>
/// <param name="Text">The input; each character stands for a byte.</param>
/// <param name="Ours">What our reader made of it.</param>
/// <param name="Theirs">What the tool made of it.</param>
internal sealed record OddInput(string Text, Reading Ours, Reading Theirs)
{
    /// <summary>Whether both refused it, or both read the same.</summary>
    internal bool Agrees => Ours.Form == Theirs.Form;

    /// <summary>Whether only we refused it, for such a reason.</summary>
    internal bool WeRefuse(params string[] reasons) =>
        Ours.IsRefused && !Theirs.IsRefused && reasons.Any(reason => Ours.Reason.Contains(reason, StringComparison.Ordinal));

    /// <summary>Whether only the tool refused it, for such a reason.</summary>
    internal bool TheyRefuse(params string[] reasons) =>
        Theirs.IsRefused && !Ours.IsRefused && reasons.Any(reason => Theirs.Reason.Contains(reason, StringComparison.Ordinal));

    public override string ToString() => $"  {Visible(Text)}\n    ours   {Ours}\n    theirs {Theirs}";

    /// <summary>The text in one line, with everything that is not printable ASCII as an escape of C#.</summary>
    internal static string Visible(string text) => text.Aggregate(new StringBuilder(), (shown, c) => c switch
    {
        '\n' => shown.Append("\\n"),
        '\t' => shown.Append("\\t"),
        '\r' => shown.Append("\\r"),
        '\\' => shown.Append("\\\\"),
        >= ' ' and <= '~' => shown.Append(c),
        _ => shown.Append($"\\u{(int)c:x4}"),
    }).ToString();
}

/// <summary>A difference between our reader and a tool that is meant.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Covers">Whether it is what the readers differ in.</param>
internal sealed record Disagreement(string Reason, Func<OddInput, bool> Covers);
