using System.Runtime.InteropServices;

namespace Buildd.Master.Choosing;

/// <summary>
/// The owners who wait for one kind of builder, each with its builds in order, and all of them in the order in which they stand.
/// </summary>
/// <remarks>For one thread at a time. Enumerating must be over before anything changes.</remarks>
internal sealed class OwnerLines
{
    private readonly Dictionary<string, SortedSet<Place>> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Standing> _standings = new(StringComparer.Ordinal);
    private readonly SortedSet<Standing> _order = [];

    public int Count => _places.Count;

    /// <summary>All owners with their builds, in no order.</summary>
    public IEnumerable<KeyValuePair<string, SortedSet<Place>>> All => _places;

    public SortedSet<Place> this[string owner] => _places[owner];

    public SortedSet<Place>? Find(string owner) => _places.GetValueOrDefault(owner);

    /// <summary>The builds of an owner, to which one is added.</summary>
    public SortedSet<Place> Add(string owner) => CollectionsMarshal.GetValueRefOrAddDefault(_places, owner, out _) ??= [];

    /// <summary>Puts an owner where it stands: the more points the earlier, and of equal ones the one with the older build.</summary>
    public void Put(string owner, long id, double points)
    {
        var standing = new Standing(points, id, owner);
        if (_standings.TryGetValue(owner, out var before))
        {
            if (before == standing)
                return;
            _order.Remove(before);
        }

        _order.Add(standing);
        _standings[owner] = standing;
    }

    /// <summary>Forgets an owner.</summary>
    public void Remove(string owner)
    {
        _places.Remove(owner);
        if (_standings.Remove(owner, out var standing))
            _order.Remove(standing);
    }

    /// <summary>The owners, in their order.</summary>
    public IEnumerator<string> GetEnumerator() => _order.Select(standing => standing.Owner).GetEnumerator();

    private readonly record struct Standing(double Points, long Id, string Owner) : IComparable<Standing>
    {
        public int CompareTo(Standing other) =>
            Points != other.Points ? other.Points.CompareTo(Points)
            : Id != other.Id ? Id.CompareTo(other.Id)
            : string.CompareOrdinal(Owner, other.Owner);
    }
}

/// <summary>Orders an owner's builds: the higher score first, of equal ones the older.</summary>
internal readonly record struct Place(int Score, long Id) : IComparable<Place>
{
    public int CompareTo(Place other) => other.Score != Score ? other.Score.CompareTo(Score) : Id.CompareTo(other.Id);
}
