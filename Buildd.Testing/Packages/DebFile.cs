using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Buildd.Testing.Packages;

/// <summary>A binary package made on the spot, good or hostile, without the help of dpkg.</summary>
public sealed class DebFile
{
    /// <summary>The control file, or none.</summary>
    public string? Control { get; init; }

    /// <summary>What is in it beside the control file.</summary>
    public IReadOnlyList<TarEntry> ControlMembers { get; init; } = [];

    /// <summary>What it installs.</summary>
    public IReadOnlyList<TarEntry> Members { get; init; } = [Member("./usr/bin/hello", "hello")];

    /// <summary>How many zero bytes come after the members in the tar with the files, unpacked.</summary>
    public long Zeroes { get; init; }

    /// <summary>The time of what has none of its own.</summary>
    public static DateTimeOffset Time { get; } = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static string ControlOf(string package, string version, string architecture, string more = "") =>
        $"Package: {package}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: Test Author <test@example.org>\n"
        + $"{more}Description: for a test\n";

    public static TarEntry Member(string name, string content, DateTimeOffset? time = null) =>
        new GnuTarEntry(TarEntryType.RegularFile, name)
        {
            DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)),
            ModificationTime = time ?? Time,
        };

    public static TarEntry Link(string name, string target) =>
        new GnuTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target, ModificationTime = Time };

    public void Write(string path)
    {
        using var file = File.Create(path);
        file.Write("!<arch>\n"u8);
        Add(file, "debian-binary", "2.0\n"u8.ToArray());
        var control = Control is null ? Array.Empty<TarEntry>() : [Member("./control", Control)];
        Add(file, "control.tar.gz", Tar([.. control, .. ControlMembers], 0));
        Add(file, "data.tar.gz", Tar(Members, Zeroes));
    }

    private static byte[] Tar(IEnumerable<TarEntry> members, long zeroes)
    {
        using var bytes = new MemoryStream();
        using (var packed = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            using (var tar = new TarWriter(packed, leaveOpen: true))
            {
                foreach (var member in members)
                    tar.WriteEntry(member);
                if (zeroes > 0)
                {
                    tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, "./zeroes")
                    {
                        DataStream = new ZeroStream(zeroes),
                        ModificationTime = Time,
                    });
                }
            }
        }

        return bytes.ToArray();
    }

    private static void Add(FileStream file, string name, byte[] content)
    {
        file.Write(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{name,-16}{1704067200,-12}{0,-6}{0,-6}{100644,-8}{content.Length,-10}`\n")));
        file.Write(content);
        if (content.Length % 2 == 1)
            file.WriteByte((byte)'\n');
    }

    /// <summary>So many zeroes, without the memory for them.</summary>
    private sealed class ZeroStream(long length) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var part = (int)Math.Min(count, length - Position);
            Array.Clear(buffer, offset, part);
            Position += part;
            return part;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
