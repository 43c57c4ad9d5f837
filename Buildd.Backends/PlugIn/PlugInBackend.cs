using Buildd.Backends.DebianBuilds;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>A kind of build that an executable of the machine's owner carries out. <c>docs/plugins.md</c> is its contract.</summary>
public sealed class PlugInBackend(PlugInOptions options) : IBuildBackend
{
    /// <summary>What is run, and for how long.</summary>
    public PlugInOptions Options { get; } = options;

    /// <inheritdoc/>
    public string Tag => Options.Tag;

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request) => new PlugInBuild(PlugInArguments.Parse(request), Options);

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) =>
        LeftEnvironment.EndAsync(left, Options.Root, cancellationToken);
}
