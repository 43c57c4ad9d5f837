using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Buildd.Master;

/// <summary>Tells every listener of every event, without ever waiting for one. Any thread may publish and listen.</summary>
internal sealed class EventHub(TimeProvider time)
{
    /// <summary>How many events a listener may be behind.</summary>
    private const int Capacity = 4096;

    private readonly Lock _lock = new();
    private readonly List<Listener> _listeners = [];

    public void Publish(MasterEvent happened)
    {
        Listener[] listeners;
        lock (_lock)
        {
            if (_listeners.Count == 0)
                return;
            listeners = [.. _listeners];
        }

        happened = happened with { Time = time.GetUtcNow() };
        foreach (var listener in listeners)
            listener.Tell(happened);
    }

    /// <summary>Listens from now on: the listener is there when this returns.</summary>
    public IAsyncEnumerable<MasterEvent> Listen(CancellationToken cancellationToken)
    {
        var listener = new Listener();
        lock (_lock)
            _listeners.Add(listener);
        return ReadAsync(listener, cancellationToken);
    }

    private async IAsyncEnumerable<MasterEvent> ReadAsync(Listener listener, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var happened in listener.Events.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (listener.TakeMissed() is > 0 and var missed)
                    yield return new EventsMissed(missed) { Time = time.GetUtcNow() };
                yield return happened;
            }
        }
        finally
        {
            lock (_lock)
                _listeners.Remove(listener);
        }
    }

    private sealed class Listener
    {
        private long _missed;

        public Listener() => Events = Channel.CreateBounded<MasterEvent>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest },
            _ => Interlocked.Increment(ref _missed));

        public Channel<MasterEvent> Events { get; }

        public void Tell(MasterEvent happened) => Events.Writer.TryWrite(happened);

        public long TakeMissed() => Interlocked.Exchange(ref _missed, 0);
    }
}
