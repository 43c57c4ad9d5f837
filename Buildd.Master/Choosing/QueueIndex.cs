using System.Runtime.InteropServices;
using Buildd.Master.Builders;
using Buildd.Master.Builds;

namespace Buildd.Master.Choosing;

/// <summary>
/// The queue in memory, in the order of dispatch: a decision costs as much as builds are given and kinds of demands wait, whatever the
/// number of builds and owners. For one thread at a time.
/// </summary>
internal sealed class QueueIndex(FairShareOptions options)
{
    /// <summary>A moment that times are counted from, near enough that seconds are not rounded away.</summary>
    private static readonly DateTimeOffset Beginning = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<long, Build> _builds = [];
    private readonly Dictionary<Demand, OwnerLines> _ready = [];
    private readonly Dictionary<Demand, (int Count, TimeSpan Time)> _amounts = []; // of what is ready
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

    public int Waiting => _amounts.Values.Sum(amount => amount.Count) + _later.Count;

    /// <summary>The builds that are on a builder.</summary>
    public IReadOnlyCollection<Build> Running => _onBuilder.Values;

    public Build? Find(long id) => _builds.GetValueOrDefault(id);

    public Build? OnBuilder(string builder) => _onBuilder.GetValueOrDefault(builder);

    /// <summary>The time at which a build that was put back comes due; null when it is not put back.</summary>
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
    /// The longest time that it may be put back, for one that was put back by a clock that may have been set since; null for as long as it
    /// says.
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

    /// <summary>
    /// Takes all builds of the queue as they are now, whatever was known before; of what is being taken, only what is stored counts.
    /// </summary>
    public void Restart(QueueSnapshot snapshot, DateTimeOffset now)
    {
        _left.Clear();
        _stored.Clear();
        _reached = snapshot.Revision;
        var there = snapshot.Builds.ToDictionary(build => build.Id);
        foreach (var gone in _builds.Values.Where(build => !there.ContainsKey(build.Id)).ToList())
            Remove(gone);
        foreach (var build in snapshot.Builds)
            Put(Find(build.Id), build, now);
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
        // Of each demand the first build of the owner who is next; an owner's further builds cost as much as if it ran the former.
        var heads = new PriorityQueue<Head, (double, long)>();
        foreach (var (demand, owners) in _ready)
        {
            if (demand.Fits(builder))
                Pull(owners, owners.GetEnumerator());
        }

        var taken = new Dictionary<string, int>(StringComparer.Ordinal);
        while (picked.Count < most && heads.TryDequeue(out var head, out _))
        {
            if (head.Followers is { } followers)
            {
                Pull(head.Owners, followers);
                head = head with { Followers = null };
            }

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

        // The next owner of a demand is looked at when the one before has been.
        void Pull(OwnerLines owners, IEnumerator<string> inOrder)
        {
            if (inOrder.MoveNext())
                Enqueue(new Head(inOrder.Current, owners[inOrder.Current].GetEnumerator(), owners, inOrder));
        }

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
        foreach (var (owner, places) in owners.All)
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

    /// <summary>The number of builds that are ready and want the same, and how long they are estimated to take together.</summary>
    public (int Count, TimeSpan Time) Amount(Demand demand) => _amounts.GetValueOrDefault(demand);

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

    /// <summary>
    /// How an owner stands with its next build, in points: as <see cref="Weigh"/> says, without what grows for all owners alike as time
    /// passes.
    /// </summary>
    private double Stand(Build build) =>
        options.Enabled
            ? Weigh(build, 0, DateTimeOffset.MinValue) - (options.PointsPerMinute * WaitsSince(build).TotalMinutes)
            : build.Score;

    private TimeSpan WaitsSince(Build build)
    {
        var served = _served.GetValueOrDefault(build.Owner);
        return (served > build.Queued ? served : build.Queued) - Beginning;
    }

    /// <summary>Moves an owner to its place after its running builds or its last turn have changed.</summary>
    private void Move(string owner)
    {
        foreach (var owners in _ready.Values)
        {
            if (owners.Find(owner) is { } places)
                owners.Put(owner, places.Min.Id, Stand(_builds[places.Min.Id]));
        }
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
            Move(build.Owner);
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
        var owners = CollectionsMarshal.GetValueRefOrAddDefault(_ready, Demand.Of(build), out _) ??= new();
        var places = owners.Add(build.Owner);
        places.Add(new Place(build.Score, build.Id));
        if (places.Min.Id == build.Id)
            owners.Put(build.Owner, build.Id, Stand(build));
        Tally(Demand.Of(build), 1, build.EstimatedDuration);
    }

    private void Tally(Demand demand, int count, TimeSpan time)
    {
        ref var amount = ref CollectionsMarshal.GetValueRefOrAddDefault(_amounts, demand, out _);
        amount = (amount.Count + count, amount.Time + time);
        if (amount.Count == 0)
            _amounts.Remove(demand);
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
            Move(build.Owner);
        }

        var demand = Demand.Of(build);
        if (!_ready.TryGetValue(demand, out var owners) || owners.Find(build.Owner) is not { } places)
            return;
        var isFirst = places.Min.Id == build.Id;
        if (!places.Remove(new Place(build.Score, build.Id)))
            return;
        Tally(demand, -1, -build.EstimatedDuration);
        if (places.Count == 0)
            owners.Remove(build.Owner);
        else if (isFirst)
            owners.Put(build.Owner, places.Min.Id, Stand(_builds[places.Min.Id]));
        if (owners.Count == 0)
            _ready.Remove(demand);
    }

    /// <param name="Owner">Whose.</param>
    /// <param name="Places">Stands on the owner's next build of one demand.</param>
    /// <param name="Owners">The owners of the demand.</param>
    /// <param name="Followers">Stands on this owner, before those who are next; null when they were looked at.</param>
    /// <param name="Taken">How many of the owner's were taken when it was weighed.</param>
    private sealed record Head(
        string Owner, IEnumerator<Place> Places, OwnerLines Owners, IEnumerator<string>? Followers, int Taken = 0);
}
