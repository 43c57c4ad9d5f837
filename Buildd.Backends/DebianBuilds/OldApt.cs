using Buildd.Protocol.Messages.Arguments;

namespace Buildd.Backends.DebianBuilds;

/// <summary>The features that the apt of a series lacks, by the series' name: needed before the chroot's apt can be asked.</summary>
internal static class OldApt
{
    /// <summary>Their apt is older than 0.7.26, and takes options in a line for a mistake.</summary>
    private static readonly HashSet<string> BeforeOptions = ["etch", "lenny", "hardy", "intrepid", "jaunty", "karmic", "lucid"];

    /// <summary>Theirs is older than 0.8.16, and knows the option <c>trusted</c> not yet.</summary>
    private static readonly HashSet<string> BeforeTrusted = [.. BeforeOptions, "squeeze", "maverick", "natty"];

    /// <remarks>
    /// Differs: the reference, which does not build for these any more, would write stanzas. Their apt, before 1.1, passes over
    /// files of stanzas without a word, and would install from nowhere.
    /// </remarks>
    private static readonly HashSet<string> BeforeStanzas =
        [.. BeforeTrusted, "oneiric", "precise", "quantal", "raring", "saucy", "utopic", "vivid", "wily", "wheezy", "jessie"];

    /// <summary>
    /// The series whose sources the reference writes as lines; all that it does not name, Debian's among them, get stanzas.
    /// </summary>
    private static readonly HashSet<string> WithLines = [.. BeforeStanzas, "trusty", "xenial", "bionic", "focal", "jammy"];

    /// <summary>Whether sources are lines, and not stanzas.</summary>
    internal static bool WantsLines(string series) => WithLines.Contains(Base(series));

    /// <summary>Whether there may be options in a line.</summary>
    internal static bool ReadsOptions(string series) => !BeforeOptions.Contains(Base(series));

    /// <summary>Whether <c>[trusted=yes]</c> is enough for packages that nobody has signed.</summary>
    internal static bool KnowsTrusted(string series) => !BeforeTrusted.Contains(Base(series));

    /// <summary>A master of 2014 names no series: its suite stands for one: <c>trusty-proposed</c>.</summary>
    private static string Base(string series) => Pockets.Split(series).Series;
}
