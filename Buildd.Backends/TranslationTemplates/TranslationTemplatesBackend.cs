using Buildd.Backends.DebianBuilds;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;

namespace Buildd.Backends.TranslationTemplates;

/// <summary>Makes the templates that translators work from, of every part of a source tree that says what is to be translated.</summary>
/// <remarks>All of it takes place in the system, which installs its own tools: this machine needs nothing for it.</remarks>
public sealed class TranslationTemplatesBackend(TranslationTemplatesOptions options) : IBuildBackend
{
    /// <summary>How templates are made.</summary>
    public TranslationTemplatesOptions Options { get; } = options;

    /// <inheritdoc/>
    public string Tag => WireNames.Managers.TranslationTemplates;

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request)
    {
        var arguments = TranslationTemplatesArguments.Parse(request);
        return new DebianBuild(arguments.System, Options, new TranslationTemplatesWork(arguments, Options));
    }

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) => LeftEnvironment.EndAsync(left, Options, cancellationToken);
}
