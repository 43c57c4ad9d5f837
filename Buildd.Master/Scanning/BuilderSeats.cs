using Buildd.Master.Builders;
using Buildd.Protocol.Client;
using Buildd.Protocol.Secrets;
using Microsoft.Extensions.Logging;

namespace Buildd.Master.Scanning;

/// <summary>The agents of the builders that a master looks after, and their running. Any thread may call.</summary>
/// <param name="parts">What all agents share.</param>
/// <param name="connect">Makes the client of a builder's slave.</param>
/// <param name="logger">Where arrivals and departures are logged.</param>
internal sealed class BuilderSeats(BuilderAgentParts parts, Func<Builder, ISlaveClient> connect, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Seat> _seats = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Uri> _refused = new(StringComparer.Ordinal); // addresses that were logged

    /// <summary>The agents, in no order.</summary>
    public IReadOnlyList<BuilderAgent> Agents
    {
        get
        {
            lock (_lock)
                return [.. _seats.Values.Select(seat => seat.Agent)];
        }
    }

    /// <summary>The agent of a builder; null when it is not looked after here.</summary>
    public BuilderAgent? Find(string name)
    {
        lock (_lock)
            return _seats.GetValueOrDefault(name)?.Agent;
    }

    /// <summary>Takes the builders that are the master's own now; those that are not among them retire.</summary>
    /// <param name="own">Their records.</param>
    /// <param name="start">Whether their agents are to run.</param>
    public async Task TakeAsync(IReadOnlyList<Builder> own, bool start)
    {
        var places =
            own.ToDictionary(builder => builder.Name, builder => ((Uri, string?)?)(builder.Url, builder.TokenFile), StringComparer.Ordinal);
        // A new address is another slave, and another key another connection: its agent begins anew.
        await RetireAsync(builder => places.GetValueOrDefault(builder.Name) != (builder.Url, builder.TokenFile)).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var builder in own)
            {
                if (!_seats.TryGetValue(builder.Name, out var seat))
                {
                    if (TryConnect(builder) is not { } slave)
                        continue;
                    _seats[builder.Name] = seat = new Seat(new BuilderAgent(builder, slave, parts));
                    logger.LogBuilderAdded(builder.Name, UrlCredentials.Without(builder.Url));
                    parts.Events.Publish(new BuilderChanged(builder));
                }

                seat.Agent.Update(builder);
                if (start)
                    seat.Start();
            }
        }
    }

    /// <summary>Stops the agents of builders that are looked after no longer.</summary>
    public async Task RetireAsync(Func<Builder, bool> which)
    {
        List<Seat> retired;
        lock (_lock)
        {
            retired = [.. _seats.Values.Where(seat => which(seat.Agent.Builder))];
            foreach (var seat in retired)
                _seats.Remove(seat.Agent.Builder.Name);
        }

        foreach (var seat in retired)
            await seat.Stop.CancelAsync().ConfigureAwait(false);
        foreach (var seat in retired)
        {
            await seat.DisposeAsync().ConfigureAwait(false);
            logger.LogBuilderRetired(seat.Agent.Builder.Name);
        }
    }

    /// <summary>
    /// Makes the client of a builder's slave. One whose address can't be any slave's is its own trouble, and not that of others.
    /// </summary>
    private ISlaveClient? TryConnect(Builder builder)
    {
        try
        {
            var slave = connect(builder);
            _refused.Remove(builder.Name);
            return slave;
        }
        catch (ArgumentException exception)
        {
            if (_refused.GetValueOrDefault(builder.Name) != builder.Url)
                logger.LogBuilderAddressRefused(builder.Name, exception.Message);
            _refused[builder.Name] = builder.Url;
            return null;
        }
    }

    /// <summary>A builder's agent and its running.</summary>
    private sealed class Seat(BuilderAgent agent) : IAsyncDisposable
    {
        private Task _running = Task.CompletedTask;
        private bool _started;

        public BuilderAgent Agent { get; } = agent;

        public CancellationTokenSource Stop { get; } = new();

        public void Start()
        {
            if (_started)
                return;
            _started = true;
            _running = Task.Run(() => Agent.RunAsync(Stop.Token));
        }

        public async ValueTask DisposeAsync()
        {
            await Stop.CancelAsync().ConfigureAwait(false);
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Agent.Dispose();
            Stop.Dispose();
        }
    }
}
