namespace Buildd.Master.Results;

/// <summary>What can be wrong with a leaf.</summary>
public enum FindingKind
{
    /// <summary>There is no <c>.changes</c> in it.</summary>
    NoChanges,

    /// <summary>There is more than one <c>.changes</c> in it, so nobody knows which counts.</summary>
    SeveralChanges,

    /// <summary>The <c>.changes</c> can't be read; a listed name that would leave the folder is one of the reasons.</summary>
    MalformedChanges,

    /// <summary>A file is listed and isn't there.</summary>
    Missing,

    /// <summary>A file is listed, and what is there is a folder, a link or something else that is no plain file.</summary>
    NotAFile,

    /// <summary>A file has another size than listed.</summary>
    WrongSize,

    /// <summary>The <c>.changes</c> lists no SHA-256 of a file, so its content can't be checked.</summary>
    NoSha256,

    /// <summary>A file has another content than listed.</summary>
    WrongSha256,
}

/// <summary>One thing that is wrong with a leaf.</summary>
/// <param name="Kind">What it is, for programs.</param>
/// <param name="File">The name of the file it is about; null when it is about the whole leaf.</param>
/// <param name="Text">What it is, for people: a sentence, fit for a terminal.</param>
public sealed record Finding(FindingKind Kind, string? File, string Text);
