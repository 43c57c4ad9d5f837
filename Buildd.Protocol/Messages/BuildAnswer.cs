namespace Buildd.Protocol.Messages;

/// <summary>Whether a build was taken: the first element of the answer to <c>build</c>.</summary>
public enum BuildAnswer
{
    /// <summary>The build has begun.</summary>
    Building,

    /// <summary>The chroot or a file is not in the cache: have it fetched and ask again.</summary>
    UnknownSum,

    /// <summary>The slave has no manager of that tag.</summary>
    UnknownBuilder,
}
