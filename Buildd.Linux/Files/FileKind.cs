namespace Buildd.Linux.Files;

/// <summary>What a name in a folder stands for, links not followed.</summary>
public enum FileKind
{
    /// <summary>Nothing of that name is there.</summary>
    Missing,

    /// <summary>An ordinary file.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A symbolic link, wherever it leads.</summary>
    Link,

    /// <summary>A pipe, a socket or a device.</summary>
    Special,
}

/// <summary>Texts about <see cref="FileKind"/>.</summary>
public static class FileKindExtensions
{
    /// <summary>The kind in words, as the end of a sentence: "it is a folder".</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the kinds.</exception>
    public static string Describe(this FileKind kind) => kind switch
    {
        FileKind.Missing => "it is not there",
        FileKind.Regular => "it is an ordinary file",
        FileKind.Folder => "it is a folder",
        FileKind.Link => "it is a symbolic link, which is not followed",
        FileKind.Special => "it is a pipe, a socket or a device",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
