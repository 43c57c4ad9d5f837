using System.Text;

namespace Buildd.Backends.Root;

/// <summary>The file that tells schroot about the chroot of one build.</summary>
internal static class SchrootDefinition
{
    /// <summary>The chroot's name for sbuild: schroot passes over files whose names have any other character in them.</summary>
    internal static string NameOf(string buildId) =>
        "build-" + new string([.. buildId.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_')]);

    /// <summary>Writes the definition.</summary>
    /// <exception cref="IOException">It can't be written, or another build of the same name on this machine has one.</exception>
    internal static void Write(string directory, string buildId, string chroot)
    {
        if (chroot.Any(char.IsControl))
            throw new IOException("the chroot's path has a control character in it, which schroot's files can't hold");

        var path = Path.Combine(directory, NameOf(buildId));
        if (File.Exists(path) && !IsFor(path, chroot))
            throw new IOException($"'{path}' belongs to another build of that name; remove it if none is running");

        var name = NameOf(buildId);
        File.WriteAllText(
            path,
            $"[{name}]\ndescription={name}\ngroups=sbuild,root\nroot-groups=sbuild,root\ntype=plain\ndirectory={chroot}\n",
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    /// <summary>Removes the definition, if it is there and of that chroot.</summary>
    internal static void Remove(string directory, string buildId, string chroot)
    {
        var path = Path.Combine(directory, NameOf(buildId));
        if (File.Exists(path) && IsFor(path, chroot))
            File.Delete(path);
    }

    private static bool IsFor(string path, string chroot) =>
        File.ReadAllText(path).Contains($"\ndirectory={chroot}\n", StringComparison.Ordinal);
}
