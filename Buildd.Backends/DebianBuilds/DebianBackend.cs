using Buildd.Backends.Environments;
using Buildd.Slave.Builds;

namespace Buildd.Backends.DebianBuilds;

/// <summary>A kind of build that takes place in a Debian system. What is particular to it is its <see cref="IDebianWork"/>.</summary>
/// <typeparam name="TOptions">How this machine runs builds of the kind.</typeparam>
public abstract class DebianBackend<TOptions> : IBuildBackend
    where TOptions : DebianBuildOptions
{
    private readonly OverlayTrial _trial;

    private protected DebianBackend(string tag, TOptions options, OverlayTrial? trial) =>
        (Tag, Options, _trial) = (tag, options, trial ?? new OverlayTrial());

    /// <inheritdoc/>
    public string Tag { get; }

    /// <summary>The options of builds of this kind.</summary>
    public TOptions Options { get; }

    /// <inheritdoc/>
    public IBuild Prepare(BuildRequest request)
    {
        var (arguments, work) = Read(request);
        return new DebianBuild(arguments, Options, _trial, work);
    }

    /// <inheritdoc/>
    public Task EndLeftAsync(LeftBuild left, CancellationToken cancellationToken) =>
        LeftEnvironment.EndAsync(left, Options, cancellationToken);

    /// <summary>Reads the arguments of a build; touches nothing.</summary>
    /// <exception cref="Buildd.Slave.RefusedException">Something is missing, of another type, or can't be what it says.</exception>
    private protected abstract (DebianArguments System, IDebianWork Work) Read(BuildRequest request);
}
