using System.Text;

namespace Buildd.Backends.BinaryPackage;

/// <summary>The file that tells schroot about the chroot of one build.</summary>
internal sealed class SchrootDefinition : IDisposable
{
    private readonly string _path;

    private SchrootDefinition(string name, string path)
    {
        Name = name;
        _path = path;
    }

    /// <summary>The chroot's name for sbuild.</summary>
    internal string Name { get; }

    /// <summary>Writes the definition.</summary>
    /// <exception cref="IOException">It can't be written, or another build of the same name on this machine has one.</exception>
    internal static SchrootDefinition Create(string directory, string buildId, string chroot)
    {
        var (name, path) = Place(directory, buildId);
        if (File.Exists(path) && !IsFor(path, chroot))
            throw new IOException($"'{path}' belongs to another build of that name; remove it if none is running");

        File.WriteAllText(
            path,
            $"[{name}]\ndescription={name}\ngroups=sbuild,root\nroot-groups=sbuild,root\ntype=plain\ndirectory={chroot}\n",
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return new SchrootDefinition(name, path);
    }

    /// <summary>Removes the definition that a slave which was killed left, if it is there and of that chroot.</summary>
    internal static void Remove(string directory, string buildId, string chroot)
    {
        var (_, path) = Place(directory, buildId);
        if (File.Exists(path) && IsFor(path, chroot))
            File.Delete(path);
    }

    /// <summary>Removes the file.</summary>
    public void Dispose() => File.Delete(_path);

    private static (string Name, string Path) Place(string directory, string buildId)
    {
        // schroot passes over files whose names have any other character in them.
        var name = "build-" + new string([.. buildId.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_')]);
        return (name, Path.Combine(directory, name));
    }

    private static bool IsFor(string path, string chroot) =>
        File.ReadAllText(path).Contains($"\ndirectory={chroot}\n", StringComparison.Ordinal);
}
