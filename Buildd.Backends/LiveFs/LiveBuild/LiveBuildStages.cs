using System.Text;

namespace Buildd.Backends.LiveFs.LiveBuild;

/// <summary>
/// live-build's stages, from its own output: each announces itself as <c>[2024-05-01 09:30:00] lb chroot_hooks</c>. In the longest of
/// them the lines of debootstrap tell more.
/// </summary>
internal static class LiveBuildStages
{
    private const string Bootstrapping = "bootstrap_debootstrap";

    /// <summary>
    /// What is usually done when a stage begins: a mean of a small system (34 s, of which 27 s bootstrap) and a bootable one with
    /// kernel (116 s). Stages that are not here come several times or take no time.
    /// </summary>
    private static readonly Dictionary<string, double> Fractions = new(StringComparer.Ordinal)
    {
        ["config"] = 0,
        ["bootstrap"] = 0.01,
        [Bootstrapping] = 0.02,
        ["chroot"] = 0.48,
        ["chroot_linux-image"] = 0.5,
        ["chroot_package-lists"] = 0.52,
        ["chroot_install-packages"] = 0.54,
        ["chroot_includes_after_packages"] = 0.7,
        ["chroot_hooks"] = 0.71,
        ["chroot_hacks"] = 0.74,
        ["installer"] = 0.75,
        ["binary"] = 0.76,
        ["binary_chroot"] = 0.77,
        ["binary_rootfs"] = 0.79,
        ["binary_manifest"] = 0.92,
        ["binary_linux-image"] = 0.92,
        ["binary_syslinux"] = 0.93,
        ["binary_grub-pc"] = 0.93,
        ["binary_grub-efi"] = 0.94,
        ["binary_iso"] = 0.95,
        ["binary_hdd"] = 0.95,
        ["binary_netboot"] = 0.95,
        ["binary_tar"] = 0.95,
    };

    /// <summary>As <see cref="StageReader"/>.</summary>
    internal static (string Stage, double? Fraction)? Read(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("I: "u8))
            return Debootstrap(line[3..]) is { } done ? (Bootstrapping, done) : null;

        const int TimeLength = 21; // [YYYY-MM-DD HH:MM:SS]
        if (line.Length < TimeLength + 5 || line[0] != '[' || line[TimeLength - 1] != ']' || !line[TimeLength..].StartsWith(" lb "u8))
            return null;
        var name = line[(TimeLength + 4)..];
        var end = name.IndexOf((byte)' ');
        name = end < 0 ? name : name[..end];
        foreach (var character in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)character) && character is not ((byte)'_' or (byte)'-'))
                return null;
        }

        var stage = Encoding.ASCII.GetString(name);
        return stage.Length == 0 ? null : (stage, Fractions.TryGetValue(stage, out var fraction) ? fraction : null);
    }

    private static double? Debootstrap(ReadOnlySpan<byte> line) =>
        line.StartsWith("Retrieving "u8) ? 0.04
        : line.StartsWith("Extracting "u8) ? 0.16
        : line.StartsWith("Unpacking "u8) ? 0.22
        : line.StartsWith("Configuring "u8) ? 0.32
        : null;
}
