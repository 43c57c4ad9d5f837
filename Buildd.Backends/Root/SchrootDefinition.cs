using System.Security.Cryptography;
using System.Text;

namespace Buildd.Backends.Root;

/// <summary>The file that tells schroot about the chroot of one build.</summary>
internal static class SchrootDefinition
{
    /// <summary>The hexadecimal digits of a sum that tell builds of one name apart.</summary>
    private const int SumDigits = 12;

    /// <summary>
    /// The chroot's name for sbuild. It is no other's on this machine: two farms number their builds alike, and each may have a slave here.
    /// </summary>
    /// <param name="buildId">The build's id; schroot passes over files with other characters in their names than it keeps of that.</param>
    /// <param name="chroot">The chroot's path, without a link in it.</param>
    internal static string NameOf(string buildId, string chroot)
    {
        var id = new string([.. buildId.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_')]);
        return $"build-{id}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(chroot)))[..SumDigits]}";
    }

    /// <summary>Writes the definition.</summary>
    /// <exception cref="IOException">It can't be written, or another build of the same name on this machine has one.</exception>
    internal static void Write(string directory, string buildId, string chroot)
    {
        if (chroot.Any(char.IsControl))
            throw new IOException("the chroot's path has a control character in it, which schroot's files can't hold");

        var name = NameOf(buildId, chroot);
        var path = Path.Combine(directory, name);
        if (File.Exists(path) && !IsFor(path, chroot))
            throw new IOException($"'{path}' belongs to another build of that name; remove it if none is running");

        File.WriteAllText(
            path,
            $"[{name}]\ndescription={name}\ngroups=sbuild,root\nroot-groups=sbuild,root\ntype=plain\ndirectory={chroot}\n",
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    /// <summary>Removes the definition, if it is there and of that chroot.</summary>
    internal static void Remove(string directory, string buildId, string chroot)
    {
        var path = Path.Combine(directory, NameOf(buildId, chroot));
        if (File.Exists(path) && IsFor(path, chroot))
            File.Delete(path);
    }

    private static bool IsFor(string path, string chroot) =>
        File.ReadAllText(path).Contains($"\ndirectory={chroot}\n", StringComparison.Ordinal);
}
