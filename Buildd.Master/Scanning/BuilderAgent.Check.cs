using Buildd.Master.Builders;
using Buildd.Protocol.Client;
using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Master.Scanning;

/// <content>The check that the original's <c>checkBuilders</c> makes.</content>
internal sealed partial class BuilderAgent
{
    private const string EchoText = "Test";

    public async Task<BuilderFinding> CheckAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var mistake = await FindMistakeAsync(cancellationToken).ConfigureAwait(false);
            if (mistake is not null)
                await FailAsync(mistake, cancellationToken).ConfigureAwait(false);
            return new BuilderFinding(_builder, mistake);
        }
        catch (Exception exception) when (exception is LeaseLostException or RaceLostException)
        {
            return new BuilderFinding(_builder, null); // somebody else looks after it, and has just done something with it
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<string?> FindMistakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            var echoed = await _slave.EchoAsync([EchoText], cancellationToken).ConfigureAwait(false);
            if (echoed is not [XmlRpcString { Value: EchoText }])
                return $"{_builder.Name} does not echo what it is sent.";
            var info = await _slave.InfoAsync(cancellationToken).ConfigureAwait(false);
            if (info.ProtocolVersion != WireNames.ProtocolVersion)
                return $"{_builder.Name} speaks protocol {Secrets.Quote(info.ProtocolVersion)}, and not {WireNames.ProtocolVersion}.";
            if (_builder.Processors.Count > 0 && !_builder.Processors.Contains(info.ArchitectureTag))
                return $"{_builder.Name} is of the architecture {Secrets.Quote(info.ArchitectureTag)}, and not of {string.Join(", ", _builder.Processors)}.";
            await RescueAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (SlaveConnectionException exception) when (_builder.Virtualized)
        {
            _logger.LogBuilderReset(exception, _builder.Name);
            var now = _parts.Time.GetUtcNow();
            await ChangeAsync(changed => changed.Made(CleanState.Dirty, now), cancellationToken).ConfigureAwait(false);
            return null; // its reset says whether there is anything wrong with it
        }
        catch (SlaveException exception)
        {
            return Secrets.Quote(exception.Message);
        }
    }

    /// <summary>A slave with a build that isn't its builder's is rid of it.</summary>
    private async Task RescueAsync(CancellationToken cancellationToken)
    {
        var status = await StatusAsync(cancellationToken).ConfigureAwait(false);
        if (status.BuildId is null || status.BuildId == _parts.Scheduler.OnBuilder(_builder.Name)?.Cookie)
            return;
        _logger.LogBuilderRescued(_builder.Name, Secrets.Quote(status.BuildId));
        if (status.Status == BuilderStatus.Waiting)
            await _slave.CleanAsync(cancellationToken).ConfigureAwait(false);
        else if (status.Status == BuilderStatus.Building)
            await _slave.AbortAsync(cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>What checking a builder has found.</summary>
/// <param name="Builder">It, as it is now.</param>
/// <param name="Mistake">What is wrong, for people, and why it was taken out of service; null when nothing is.</param>
public sealed record BuilderFinding(Builder Builder, string? Mistake);
