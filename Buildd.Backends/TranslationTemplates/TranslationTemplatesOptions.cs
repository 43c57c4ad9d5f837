using Buildd.Backends.DebianBuilds;
using Buildd.Linux.Files;

namespace Buildd.Backends.TranslationTemplates;

/// <summary>How this machine makes translation templates.</summary>
public sealed record TranslationTemplatesOptions : DebianBuildOptions
{
    /// <summary>
    /// The name of the archive with the templates among the results; by default <c>translation-templates.tar.gz</c>, the
    /// reference's.
    /// </summary>
    /// <exception cref="FileNameException">It is no name of a file.</exception>
    public string ResultArchive { get; init => field = FileName.Check(value); } = "translation-templates.tar.gz";
}
