using System.Globalization;
using Buildd.Debian;

namespace Buildd.Master.Results;

/// <summary>
/// A leaf of the upload queue in the making: a folder below <c>grabbing</c> that one rename puts into <c>incoming</c>,
/// where whoever processes uploads sees it all at once or not at all.
/// </summary>
internal sealed class Leaf
{
    /// <summary>The name of the build's log in the leaf.</summary>
    public const string LogName = "buildlog";

    private readonly string _incoming;
    private readonly string _place;

    private Leaf(string grabbing, string incoming, string place)
    {
        Folder = grabbing;
        _incoming = incoming;
        _place = place;
    }

    /// <summary>The leaf until it is published. What lies directly in it is ours, such as the log.</summary>
    public string Folder { get; }

    /// <summary>Where results are put until the leaf is published: <c>ARCHIVE/DISTRIBUTION</c> in it, where upload processors look for them.</summary>
    public string Results => Path.Combine(Folder, _place);

    /// <summary>Where results are when the leaf is published.</summary>
    public string PublishedResults => Path.Combine(_incoming, _place);

    /// <summary>Makes the folders.</summary>
    /// <exception cref="FileNameException">The cookie can't be part of a folder's name.</exception>
    /// <exception cref="LeafExistsException">There is one of that name, in the making or complete.</exception>
    public static Leaf Begin(string root, string cookie, DateTimeOffset localNow, string archive, string distribution)
    {
        // The name is the original's, read by upload processors: the build is what follows the second dash.
        var name = FileName.Check(localNow.ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture) + FileName.Check(cookie));
        var grabbing = Directory.CreateDirectory(Path.Combine(root, "grabbing")).FullName;
        var incoming = Directory.CreateDirectory(Path.Combine(root, "incoming")).FullName;
        var leaf = new Leaf(Path.Combine(grabbing, name), Path.Combine(incoming, name), Path.Combine(archive, distribution));
        if (Path.Exists(leaf._incoming))
            throw new LeafExistsException(leaf._incoming);
        if (!Durable.TryCreateFolder(leaf.Folder))
            throw new LeafExistsException(leaf.Folder);
        Directory.CreateDirectory(leaf.Results);
        return leaf;
    }

    /// <summary>Renames the folder, and returns what it is called now. Its files must be on the disk already.</summary>
    /// <exception cref="LeafExistsException">Somebody made a leaf of that name meanwhile.</exception>
    public string Publish()
    {
        Durable.FlushFolder(Results);
        Durable.FlushFolder(Path.GetDirectoryName(Results)!);
        Durable.FlushFolder(Folder);
        try
        {
            Directory.Move(Folder, _incoming); // fails on whatever is there, except an empty folder made this instant
        }
        catch (IOException) when (Path.Exists(_incoming))
        {
            throw new LeafExistsException(_incoming);
        }

        Durable.FlushFolder(Path.GetDirectoryName(_incoming)!);
        return _incoming;
    }

    /// <summary>Removes the folder with what is in it.</summary>
    public void Discard() => Directory.Delete(Folder, recursive: true);
}
