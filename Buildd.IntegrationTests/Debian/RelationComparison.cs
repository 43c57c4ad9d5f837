using System.Globalization;
using Buildd.Debian.Relations;
using Buildd.Debian.Versions;

namespace Buildd.IntegrationTests.Debian;

/// <summary>Where our readers of relations and versions and dpkg's differ, and why they are to; and what ours make of an input.</summary>
internal static class RelationComparison
{
    /// <summary>What dpkg's own code in C has to refuse as well: its Perl code does not look into versions of relations.</summary>
    internal static readonly Disagreement MalformedVersion = new(
        "dpkg's C code, which reads the relations of the package that sbuild makes of them, refuses the version",
        input => input.WeRefuse("the version is none", "is no version of a package", "<<, <=, =, >= or >> is expected"));

    internal static readonly Disagreement[] Lists =
    [
        MalformedVersion,
        new(
            "a build profile's name is letters, digits and +-.",
            input => input.WeRefuse("the name of a build profile is expected", "a blank or a closing bracket is expected")),
        new(
            "a bar with nothing behind it is a slip; dpkg's Perl code drops it, its C code refuses it, and dpkg-source writes none",
            input => input.WeRefuse("the name of a package is expected") && input.Text.Contains('|', StringComparison.Ordinal)),
        new(
            "two lists of build profiles are two also without a blank between them: dpkg makes one of them, with a profile that nobody has",
            input => !input.Ours.IsRefused && input.Theirs.Form?.Contains("><", StringComparison.Ordinal) == true),
    ];

    internal static readonly Disagreement[] Versions =
    [
        MalformedVersion,
        new(
            "some archives have versions that begin with a letter; dpkg's C code warns and reads them",
            input => input.TheyRefuse("does not start with digit")),
    ];

    internal static Reading ReadList(string text) => Reading.Of(() => Form(RelationGroup.ParseList(text)));

    internal static Reading ReadVersion(string text) => Reading.Of(() =>
    {
        var version = DebianVersion.Parse(text);
        return string.Create(
            CultureInfo.InvariantCulture, $"{version.Epoch}|{version.Upstream}|{(version.Revision.Length > 0 ? version.Revision : "0")}");
    });

    /// <summary>The relations as dpkg writes them.</summary>
    internal static string Form(IEnumerable<RelationGroup> groups) =>
        string.Join(", ", groups.Select(group => string.Join(" | ", group.Alternatives.Select(Form))));

    private static string Form(Relation relation) =>
        relation.Name + (relation.Qualifier is { } qualifier ? $":{qualifier}" : "")
        + (relation.Version is { } version ? $" ({version})" : "")
        + (relation.Architectures.Count > 0 ? $" [{Form(relation.Architectures)}]" : "")
        + string.Concat(relation.Profiles.Select(list => $" <{Form(list)}>"));

    private static string Form(IEnumerable<RelationTerm> terms) =>
        string.Join(' ', terms.Select(term => (term.IsNegated ? "!" : "") + term.Name));
}
