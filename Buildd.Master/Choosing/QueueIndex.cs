using System.Runtime.InteropServices;
using Buildd.Master.Builders;
using Buildd.Master.Builds;

namespace Buildd.Master.Choosing;

/// <summary>
/// The queue in memory, in the order of dispatch: about as much work per decision as there are owners who wait, whatever the
/// number of builds. For one thread at a time.
/// </summary>
internal sealed class QueueIndex(FairShareOptions options)
{
    private readonly Dictionary<long, Build> _builds = [];
    private readonly Dictionary<Demand, Dictionary<string, SortedSet<Place>>> _ready = [];
    private readonly SortedSet<(DateTimeOffset Due, long Id)> _later = [];
    private readonly Dictionary<long, DateTimeOffset> _dues = []; // of those in _later
    private readonly Dictionary<string, Build> _onBuilder = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _served = new(StringComparer.Ordinal);
    private readonly Dictionary<long, long> _left = [];
    private readonly Dictionary<long, Build> _stored = []; // of those that are taken, as they are stored
    private long _reached = -1;

    public int Count => _builds.Count;

    public IReadOnlyCollection<Build> Builds => _builds.Values;

    /// <summary>When the next build that was put back comes due; null when none does.</summary>
    public DateTimeOffset? NextDue => _later.Count == 0 ? null : _later.Min.Due;

    public int Waiting => _ready.Values.Sum(owners => owners.Values.Sum(places => places.Count)) + _later.Count;

    public Build? Find(long id) => _builds.GetValueOrDefault(id);

    public Build? OnBuilder(string builder) => _onBuilder.GetValueOrDefault(builder);

    /// <summary>When a build that was put back comes due; null when it is not put back.</summary>
    public DateTimeOffset? DueOf(long id) => _dues.TryGetValue(id, out var due) ? due : null;

    /// <summary>The clock was set: what was put back waits as long as before.</summary>
    public void Shift(TimeSpan step)
    {
        var later = _later.ToList();
        _later.Clear();
        foreach (var (due, id) in later)
        {
            _dues[id] = due + step;
            _later.Add((due + step, id));
        }
    }

    /// <summary>Takes a build as it is now. What is older than what is known changes nothing.</summary>
    /// <param name="build">The build.</param>
    /// <param name="now">The time.</param>
    /// <param name="longest">
    /// How long it may be put back at the most, for one that was put back by a clock that may have been set since; null for as long as it says.
    /// </param>
    /// <returns>What was stored of it before as far as is known, and whether this is news.</returns>
    public (Build? Before, bool IsNews) Apply(Build build, DateTimeOffset now, TimeSpan? longest = null)
    {
        var before = _builds.GetValueOrDefault(build.Id);
        if (before?.Revision >= build.Revision || build.Revision <= _reached
            || (_left.TryGetValue(build.Id, out var left) && left >= build.Revision))
            return (before, false);
        _left.Remove(build.Id);
        if (build.Queue is null)
            _left[build.Id] = build.Revision;
        Put(before, build, now, longest);
        return (_stored.Remove(build.Id, out var stored) ? stored : before, true);
    }

    /// <summary>
    /// All changes up to a revision are known here: what is not newer is no news. Until then a build that has left the queue
    /// is remembered, lest it comes back by an older record of it, or leaves twice.
    /// </summary>
    public void Reach(long revision)
    {
        if (revision <= _reached)
            return;
        _reached = revision;
        foreach (var (id, left) in _left)
        {
            if (left <= revision)
                _left.Remove(id);
        }
    }

    /// <summary>Puts a build as it is to become while that is being stored, lest it is picked once more.</summary>
    public void Take(Build build, Build taken, DateTimeOffset now)
    {
        Put(build, taken, now);
        _stored[build.Id] = build;
    }

    /// <summary>Ends what <see cref="Take"/> began.</summary>
    /// <param name="taken">The build that was taken.</param>
    /// <param name="stored">It as stored; null when it was not: then it is again what it was.</param>
    /// <param name="now">The time.</param>
    /// <returns>False when <see cref="Apply"/> was faster and knows better.</returns>
    public bool Settle(Build taken, Build? stored, DateTimeOffset now)
    {
        if (!ReferenceEquals(Find(taken.Id), taken))
            return false;
        _stored.Remove(taken.Id, out var before);
        Put(taken, stored ?? before!, now);
        return true;
    }

    /// <summary>Moves what has come due to what is ready.</summary>
    public void Promote(DateTimeOffset now)
    {
        while (_later.Count > 0 && _later.Min is var next && next.Due <= now)
        {
            _later.Remove(next);
            _dues.Remove(next.Id);
            AddReady(_builds[next.Id]);
        }
    }

    /// <summary>The builds that builders of one kind get next, best first. They stay in the index until they are put as taken.</summary>
    /// <param name="builder">One of the builders.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="now">The time, for ages.</param>
    public List<Build> Pick(Builder builder, int most, DateTimeOffset now)
    {
        var picked = new List<Build>();
        // Each owner of each demand with its first build; an owner's further builds cost as much as if it ran the former.
        var heads = new PriorityQueue<Head, (double, long)>();
        foreach (var (demand, owners) in _ready)
        {
            if (!demand.Fits(builder))
                continue;
            foreach (var (owner, places) in owners)
                Enqueue(new Head(owner, places.GetEnumerator()));
        }

        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        while (picked.Count < most && heads.TryDequeue(out var head, out _))
        {
            var more = taken.GetValueOrDefault(head.Owner);
            // Another demand's head of the same owner may have been taken since this one was weighed: weigh it again.
            if (options.Enabled && head.Taken != more)
            {
                Requeue(head with { Taken = more });
                continue;
            }

            picked.Add(_builds[head.Places.Current.Id]);
            taken[head.Owner] = more + 1;
            Enqueue(head with { Taken = more + 1 });
        }

        return picked;

        void Enqueue(Head head)
        {
            if (head.Places.MoveNext())
                Requeue(head);
        }

        void Requeue(Head head)
        {
            var build = _builds[head.Places.Current.Id];
            heads.Enqueue(head, (-Weigh(build, head.Taken, now), build.Id));
        }
    }

    /// <summary>Where a build is in the order of those that want the same: 1 is next. Null when it isn't ready.</summary>
    public int? Position(Build build, DateTimeOffset now)
    {
        if (build is not { Queue: QueueState.Waiting, State: BuildState.NeedsBuild } || _dues.ContainsKey(build.Id)
            || !_ready.TryGetValue(Demand.Of(build), out var owners))
            return null;
        var ahead = 0;
        var own = Weigh(build, RankInOwner(owners[build.Owner], build), now);
        foreach (var (owner, places) in owners)
        {
            if (owner == build.Owner)
            {
                ahead += RankInOwner(places, build);
                continue;
            }

            var rank = 0;
            foreach (var place in places)
            {
                var other = _builds[place.Id];
                var weight = Weigh(other, rank++, now);
                // Served once, an owner's next builds have lost their bonus for waiting: the estimate forgives that.
                if (weight < own || (weight <= own && other.Id > build.Id))
                    break;
                ahead++;
            }
        }

        return ahead + 1;
    }

    private static int RankInOwner(SortedSet<Place> places, Build build) =>
        places.TakeWhile(place => place.Id != build.Id).Count();

    /// <param name="build">The build.</param>
    /// <param name="more">How many of its owner's builds are taken to be running besides those that do.</param>
    /// <param name="now">The time.</param>
    private double Weigh(Build build, int more, DateTimeOffset now)
    {
        if (!options.Enabled)
            return build.Score;
        var weight = options.Weights.TryGetValue(build.Owner, out var given) && given > 0 ? given : 1;
        var served = _served.GetValueOrDefault(build.Owner);
        var since = more > 0 ? now : served > build.Queued ? served : build.Queued;
        return build.Score - (options.PointsPerRunningBuild * (_running.GetValueOrDefault(build.Owner) + more) / weight)
            + (options.PointsPerMinute * Math.Max(0, (now - since).TotalMinutes));
    }

    private void Put(Build? before, Build build, DateTimeOffset now, TimeSpan? longest = null)
    {
        // A build that waits already goes on waiting for as long as before, however the clock was set since.
        var due = before is { Queue: QueueState.Waiting, State: BuildState.NeedsBuild } && before.NotBefore == build.NotBefore
            ? DueOf(build.Id)
            : now + longest < build.NotBefore ? now + longest : build.NotBefore;
        if (before is not null)
            Remove(before);
        if (build.Queue is null)
            return;
        _builds[build.Id] = build;
        if (build is { Queue: QueueState.Running or QueueState.Cancelling, Builder: { } builder })
        {
            _onBuilder[builder] = build;
            CollectionsMarshal.GetValueRefOrAddDefault(_running, build.Owner, out _)++;
            if (build.Started > _served.GetValueOrDefault(build.Owner))
                _served[build.Owner] = build.Started.Value;
        }
        else if (build is { Queue: QueueState.Waiting, State: BuildState.NeedsBuild })
        {
            if (due is { } time && time > now)
                _later.Add((_dues[build.Id] = time, build.Id));
            else
                AddReady(build);
        }
    }

    private void AddReady(Build build)
    {
        var owners = CollectionsMarshal.GetValueRefOrAddDefault(_ready, Demand.Of(build), out _) ??= new(StringComparer.Ordinal);
        var places = CollectionsMarshal.GetValueRefOrAddDefault(owners, build.Owner, out _) ??= [];
        places.Add(new Place(build.Score, build.Id));
    }

    private void Remove(Build build)
    {
        _builds.Remove(build.Id);
        if (_dues.Remove(build.Id, out var due))
            _later.Remove((due, build.Id));
        if (build is { Queue: QueueState.Running or QueueState.Cancelling, Builder: { } builder })
        {
            if (_onBuilder.GetValueOrDefault(builder)?.Id == build.Id)
                _onBuilder.Remove(builder);
            if (--CollectionsMarshal.GetValueRefOrAddDefault(_running, build.Owner, out _) <= 0)
                _running.Remove(build.Owner);
        }

        var demand = Demand.Of(build);
        if (!_ready.TryGetValue(demand, out var owners) || !owners.TryGetValue(build.Owner, out var places)
            || !places.Remove(new Place(build.Score, build.Id)) || places.Count > 0)
            return;
        owners.Remove(build.Owner);
        if (owners.Count == 0)
            _ready.Remove(demand);
    }

    /// <summary>Orders an owner's builds: the higher score first, of equal ones the older.</summary>
    private readonly record struct Place(int Score, long Id) : IComparable<Place>
    {
        public int CompareTo(Place other) =>
            other.Score != Score ? other.Score.CompareTo(Score) : Id.CompareTo(other.Id);
    }

    /// <param name="Owner">Whose.</param>
    /// <param name="Places">Stands on the owner's next build of one demand.</param>
    /// <param name="Taken">How many of the owner's were taken when it was weighed.</param>
    private sealed record Head(string Owner, IEnumerator<Place> Places, int Taken = 0);
}
