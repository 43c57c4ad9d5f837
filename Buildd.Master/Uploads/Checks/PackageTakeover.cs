using System.IO.Enumeration;

namespace Buildd.Master.Uploads.Checks;

/// <summary>Permission for a source to publish packages that another source has published.</summary>
/// <param name="Package">The binary package's name; <c>*</c> stands for any characters and <c>?</c> for one.</param>
/// <param name="Source">The source that may publish it, written alike.</param>
public sealed record PackageTakeover(string Package, string Source)
{
    /// <summary>Whether it holds for a package and a source.</summary>
    public bool Allows(string package, string source) =>
        FileSystemName.MatchesSimpleExpression(Package, package, ignoreCase: false)
        && FileSystemName.MatchesSimpleExpression(Source, source, ignoreCase: false);
}
