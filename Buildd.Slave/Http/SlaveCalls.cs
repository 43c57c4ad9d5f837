using Buildd.Protocol.Messages;
using Buildd.Protocol.XmlRpc;
using Buildd.Slave.Files;
using Buildd.Slave.Lifecycle;
using Buildd.Slave.Metrics;
using Microsoft.Extensions.Hosting;

namespace Buildd.Slave.Http;

/// <summary>Carries out the calls of the protocol: who answers which.</summary>
internal sealed class SlaveCalls(
    SlaveOptions options, Builder builder, FileCache cache, IHostApplicationLifetime lifetime, SlaveMeters meters)
{
    /// <exception cref="RefusedException">The call can't be carried out now, or not with these arguments.</exception>
    internal async Task<XmlRpcValue> CarryOutAsync(SlaveCall call, CancellationToken cancellationToken) => call switch
    {
        EchoCall echo => new XmlRpcArray(echo.Arguments),
        InfoCall => Info().ToXmlRpc(),
        StatusCall status => options.Endpoints.TupleStatus && !status.WantsStruct
            ? builder.Status().ToXmlRpcTuple()
            : builder.Status().ToXmlRpc(),
        EnsurePresentCall ensure =>
            (await EnsurePresentAsync(ensure, cancellationToken).ConfigureAwait(false)).ToXmlRpc(),
        BuildCall build => builder.Start(build).ToXmlRpc(),
        AbortCall => builder.Abort().ToXmlRpc(),
        CleanCall => builder.Clean().ToXmlRpc(),
        ProxyInfoCall => builder.ProxyInfo().ToXmlRpc(),
        _ => throw new InvalidOperationException($"nothing carries out {call.GetType().Name}"),
    };

    private async Task<EnsurePresentReply> EnsurePresentAsync(EnsurePresentCall call, CancellationToken cancellationToken)
    {
        var reply = await cache.EnsurePresentAsync(call, cancellationToken, lifetime.ApplicationStopping).ConfigureAwait(false);
        meters.EnsurePresentAnswered(reply switch
        {
            { Present: true, Info: FileCache.Downloaded } => "downloaded",
            { Present: true } => "cached",
            { Info: FileCache.NoUrl } => "missing",
            _ => "failed",
        });
        return reply;
    }

    private InfoReply Info() => new()
    {
        ProtocolVersion = WireNames.ProtocolVersion,
        ArchitectureTag = options.ArchitectureTag,
        BuilderTags = builder.Tags,
    };
}
