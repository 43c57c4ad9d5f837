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

    private Leaf(string grabbing, string incoming)
    {
        Folder = grabbing;
        _incoming = incoming;
    }

    /// <summary>Where files are put until the leaf is published.</summary>
    public string Folder { get; }

    /// <summary>Makes the folder.</summary>
    /// <exception cref="FileNameException">The cookie can't be part of a folder's name.</exception>
    /// <exception cref="LeafExistsException">There is one of that name, in the making or complete.</exception>
    public static Leaf Begin(string root, string cookie, DateTimeOffset localNow)
    {
        // The name is the original's, read by upload processors: the build is what follows the second dash.
        var name = FileName.Check(localNow.ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture) + FileName.Check(cookie));
        var grabbing = Directory.CreateDirectory(Path.Combine(root, "grabbing")).FullName;
        var incoming = Directory.CreateDirectory(Path.Combine(root, "incoming")).FullName;
        var leaf = new Leaf(Path.Combine(grabbing, name), Path.Combine(incoming, name));
        if (Path.Exists(leaf._incoming))
            throw new LeafExistsException(leaf._incoming);
        return Durable.TryCreateFolder(leaf.Folder) ? leaf : throw new LeafExistsException(leaf.Folder);
    }

    /// <summary>Renames the folder, and returns what it is called now. Its files must be on the disk already.</summary>
    /// <exception cref="LeafExistsException">Somebody made a leaf of that name meanwhile.</exception>
    public string Publish()
    {
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
