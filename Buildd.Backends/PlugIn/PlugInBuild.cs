using Buildd.Linux.Processes;
using Buildd.Slave.Builds;

namespace Buildd.Backends.PlugIn;

/// <summary>One build that a plug-in's command carries out.</summary>
internal sealed class PlugInBuild(PlugInArguments arguments, PlugInOptions options) : IBuild
{
    /// <inheritdoc/>
    public async Task<BuildOutcome> RunAsync(IBuildContext context, CancellationToken abort)
    {
        if (arguments.BuildUrl is { } url)
            context.Log.WriteLine(url);
        // A program that has made the chroot its root is found by that too.
        var scope = ProcessScope.Open(context.Request.BuildId, context.Directory, context.Time, limits: options.Limits.OfScope);
        await using var closing = scope.ConfigureAwait(false);
        return await new PlugInRun(context, scope, arguments, options).RunAsync(abort).ConfigureAwait(false);
    }
}
