using Buildd.Master.Builders;
using Buildd.Master.Connections;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>
/// The check that the original's <c>checkBuilders</c> makes: whether a slave answers as one, and is what its record says.
/// </summary>
internal sealed class BuilderCheck(BuilderAgentParts parts, ISlaveClient slave, BuilderRecord builder, ILogger logger)
{
    private const string EchoText = "Test";

    /// <summary>What is wrong with the builder, for people; null when nothing is.</summary>
    public async Task<string?> FindMistakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var echoed = await slave.EchoAsync([EchoText], cancellationToken).ConfigureAwait(false);
            if (echoed is not [XmlRpcString { Value: EchoText }])
                return $"{builder.Name} does not echo what it is sent.";
            var info = await slave.InfoAsync(cancellationToken).ConfigureAwait(false);
            if (info.ProtocolVersion != WireNames.ProtocolVersion)
                return $"{builder.Name} speaks protocol {Secrets.Quote(info.ProtocolVersion)}, and not {WireNames.ProtocolVersion}.";
            var processors = builder.Now.Processors;
            if (processors.Count > 0 && !processors.Contains(info.ArchitectureTag))
                return $"{builder.Name} is of the architecture {Secrets.Quote(info.ArchitectureTag)}, and not of "
                    + $"{string.Join(", ", processors)}.";
            await RescueAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (SlaveConnectionException exception) when (builder.Now.Virtualized)
        {
            logger.LogBuilderReset(exception, builder.Name);
            var now = parts.Time.GetUtcNow();
            await builder.ChangeAsync(changed => changed.Made(CleanState.Dirty, now), cancellationToken).ConfigureAwait(false);
            return null; // its reset says whether there is anything wrong with it
        }
        catch (SlaveException exception)
        {
            return SlaveConnections.Explain(builder.Now, exception);
        }
    }

    /// <summary>A slave with a build that isn't its builder's is rid of it.</summary>
    private async Task RescueAsync(CancellationToken cancellationToken)
    {
        var status = await slave.StatusAsync(cancellationToken).ConfigureAwait(false);
        await builder.KeepVersionAsync(status, cancellationToken).ConfigureAwait(false);
        if (status.BuildId is null || status.BuildId == parts.Scheduler.OnBuilder(builder.Name)?.Cookie.ToString())
            return;
        logger.LogBuilderRescued(builder.Name, Secrets.Quote(status.BuildId));
        if (status.Status == BuilderStatus.Waiting)
            await slave.CleanAsync(cancellationToken).ConfigureAwait(false);
        else if (status.Status == BuilderStatus.Building)
            await slave.AbortAsync(cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>What checking a builder has found.</summary>
/// <param name="Builder">It, as it is now.</param>
/// <param name="Mistake">What is wrong, for people, and why it was taken out of service; null when nothing is.</param>
public sealed record BuilderFinding(Builder Builder, string? Mistake);
