using Buildd.Master.Builders;
using Buildd.Protocol.Messages;

namespace Buildd.Master.Scanning;

/// <summary>
/// The record of one builder as its agent knows it: fresher ones are taken, and changes are stored whoever else changes other parts of it,
/// as long as the builder is this master's. Any thread may read; one at a time may change.
/// </summary>
internal sealed class BuilderRecord(Builder builder, BuilderAgentParts parts)
{
    private volatile Builder _now = builder;

    /// <summary>The record.</summary>
    public Builder Now => _now;

    public string Name => _now.Name;

    /// <summary>Takes a record that was stored elsewhere, if it is fresher.</summary>
    /// <returns>Whether it is.</returns>
    public bool TryUpdate(Builder builder)
    {
        if (builder.Revision <= _now.Revision)
            return false;
        Take(builder);
        return true;
    }

    /// <summary>Takes a record as it was just stored.</summary>
    public void Take(Builder builder)
    {
        _now = builder;
        parts.Events.Publish(new BuilderChanged(builder));
    }

    /// <summary>Changes the record.</summary>
    /// <exception cref="LeaseLostException">The builder isn't ours any more.</exception>
    /// <exception cref="RaceLostException">Others were faster again and again.</exception>
    public async Task<Builder> ChangeAsync(Func<Builder, Builder> change, CancellationToken cancellationToken)
    {
        var isFirst = true;
        try
        {
            return await RecordChange.ApplyAsync<Builder>(
                async () =>
                {
                    if (!isFirst)
                        await RereadAsync(cancellationToken).ConfigureAwait(false);
                    isFirst = false;
                    return _now;
                },
                change,
                async changed =>
                {
                    if (
                        (
                            await parts.Master.Builders.TryReplaceAsync([changed], cancellationToken)
                                .ConfigureAwait(false))[0] is not { } stored)
                        return null;
                    Take(stored);
                    return stored;
                },
                Name).ConfigureAwait(false) ?? throw new LeaseLostException(Name);
        }
        catch (TimeoutException)
        {
            throw new RaceLostException(Name);
        }
    }

    /// <summary>Stores the version that the slave says it has; another one may be able to build more.</summary>
    public async Task KeepVersionAsync(StatusReply status, CancellationToken cancellationToken)
    {
        if (status.BuilderVersion is { } said && Secrets.Quote(said) is var version && version != _now.Version)
            await ChangeAsync(changed => changed with { Version = version, UnableTo = [] }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the record again.</summary>
    /// <exception cref="LeaseLostException">The builder isn't ours any more.</exception>
    public async Task RereadAsync(CancellationToken cancellationToken)
    {
        var fresh = await parts.Master.Builders.FindAsync(Name, cancellationToken).ConfigureAwait(false);
        if (fresh is null || fresh.LeaseOwner != parts.Options.Name)
            throw new LeaseLostException(Name);
        TryUpdate(fresh);
    }
}
