using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Environments;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.TranslationTemplates;

/// <summary>Makes the templates that translators work from, of every part of a source tree that says what is to be translated.</summary>
/// <remarks>All of it takes place in the system, which installs its own tools: this machine needs nothing for it.</remarks>
/// <param name="options">How templates are made.</param>
/// <param name="trial">
/// Whether this machine can mount overlays; the same for all backends of a slave. Null, the default, is for a slave with one backend.
/// </param>
public sealed class TranslationTemplatesBackend(TranslationTemplatesOptions options, OverlayTrial? trial = null)
    : DebianBackend<TranslationTemplatesOptions>(WireNames.Managers.TranslationTemplates, options, trial)
{
    /// <inheritdoc/>
    private protected override (DebianArguments System, IDebianWork Work) Read(BuildRequest request)
    {
        var templates = TemplatesRequest.Parse(request);
        return (templates.System, new TranslationTemplatesWork(templates, Options));
    }
}
