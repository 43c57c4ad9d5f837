namespace Buildd.Backends.Root;

/// <summary>Where privileged operations take place. It comes from whoever may be trusted with it, never with an operation.</summary>
public sealed record RootPlace
{
    /// <summary>The folder that the builds' folders are in.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>The folder that the chroots' tarballs are in, by their SHA-1.</summary>
    public required string FileCacheDirectory { get; init; }

    /// <summary>The folder of schroot's definitions.</summary>
    public string SchrootDirectory { get; init; } = "/etc/schroot/chroot.d";

    /// <summary>The users, besides root, that a build's folder and the files of the cache may belong to.</summary>
    public required IReadOnlyCollection<uint> Owners { get; init; }

    /// <summary>Folders of this machine that a chroot may be let read, with all that is in them; none by default.</summary>
    public IReadOnlyCollection<string> ReadableFolders { get; init; } = [];

    /// <summary>
    /// Whether the paths of these folders may lead through symbolic links. Not where somebody else than root could have put
    /// them there. Below the folders none is ever followed.
    /// </summary>
    public bool FollowsLinks { get; init; }
}
