using System.Formats.Tar;
using System.IO.Compression;

namespace Buildd.Testing.Files;

/// <summary>A tarball that passes for a chroot and unpacks to next to nothing.</summary>
public static class SmallChroot
{
    /// <summary>What every chroot has.</summary>
    public static IReadOnlyList<TarEntry> Entries =>
    [
        Folder("chroot-autobuild/"), Folder("chroot-autobuild/bin/"), File("chroot-autobuild/bin/sh"), Folder("chroot-autobuild/etc/"),
        Folder("chroot-autobuild/dev/"), Folder("chroot-autobuild/proc/"), Folder("chroot-autobuild/sys/"),
    ];

    public static TarEntry Folder(string name) =>
        new GnuTarEntry(TarEntryType.Directory, name) { ModificationTime = DateTimeOffset.UnixEpoch };

    public static TarEntry File(string name, byte[]? content = null) => new GnuTarEntry(TarEntryType.RegularFile, name)
    {
        DataStream = new MemoryStream(content ?? "content"u8.ToArray()),
        ModificationTime = DateTimeOffset.UnixEpoch,
    };

    public static TarEntry Link(string name, string target, TarEntryType type = TarEntryType.SymbolicLink) =>
        new GnuTarEntry(type, name) { LinkName = target, ModificationTime = DateTimeOffset.UnixEpoch };

    /// <summary>A tar without compression.</summary>
    public static byte[] Tar(IEnumerable<TarEntry> entries)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Gnu, leaveOpen: true))
        {
            foreach (var entry in entries)
                writer.WriteEntry(entry);
        }

        return tar.ToArray();
    }

    /// <summary>Writes one that is gzipped. What is different in two of them is a file's content.</summary>
    public static async Task WriteAsync(string path, string content = "")
    {
        await using var packed = new GZipStream(System.IO.File.Create(path), CompressionLevel.Fastest);
        await packed.WriteAsync(Tar([.. Entries, File("chroot-autobuild/etc/hostname", System.Text.Encoding.UTF8.GetBytes(content))]));
    }
}
