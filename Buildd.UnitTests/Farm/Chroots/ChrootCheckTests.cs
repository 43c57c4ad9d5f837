using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Buildd.Farm;
using Buildd.Farm.Chroots;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using NUnit.Framework;
using NUnit.Framework.Constraints;
using TarEntry = System.Formats.Tar.TarEntry;

namespace Buildd.UnitTests.Farm.Chroots;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class ChrootCheckTests : IDisposable
{
    private const string Plain = "tar";

    /// <summary>The programs that pack, each of which GNU tar on a slave unpacks.</summary>
    private static readonly string[] Packers = ["gzip", "bzip2", "xz", "zstd"];

    private static readonly string[] Kinds = [Plain, .. Packers];

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCaseSource(nameof(Kinds))]
    public async Task A_chroot_is_taken_however_it_is_compressed(string kind)
    {
        var progress = 0.0;

        await ChrootCheck.RunAsync(await WriteAsync(kind, SmallChroot.Tar(LargeEntries())), fraction => progress = fraction, default);

        Assert.That(progress, Is.EqualTo(1));
    }

    [TestCaseSource(nameof(Packers))]
    public async Task A_file_of_several_parts_is_read_to_the_end_of_the_last(string kind)
    {
        var tar = SmallChroot.Tar(LargeEntries());
        byte[] parts = [.. await PackAsync(kind, tar[..100_000]), .. await PackAsync(kind, tar[100_000..])];

        await CheckAsync(parts);
        Assert.That(() => CheckAsync(parts[..^20]), Refused("was read as a tar compressed by " + kind));
    }

    [TestCaseSource(nameof(Packers))]
    public async Task A_file_that_was_cut_off_anywhere_is_refused(string kind)
    {
        var whole = await PackAsync(kind, SmallChroot.Tar(LargeEntries()));
        int[] ends = [.. Enumerable.Range(1, 40).Select(count => whole.Length - count), whole.Length / 2, whole.Length / 3, 20, 7];

        using (Assert.EnterMultipleScope())
        {
            foreach (var end in ends)
                Assert.That(() => CheckAsync(whole[..end]), Refused($"a tar compressed by {kind}, and that failed: "), $"{end} bytes");
        }
    }

    [Test]
    public async Task A_gzip_file_that_was_cut_off_says_so()
    {
        var whole = await PackAsync("gzip", SmallChroot.Tar(LargeEntries()));

        Assert.That(() => CheckAsync(whole[..100]), Refused("that failed: the file was cut off, or is damaged. Fetch or make it again."));
    }

    [TestCase("nosuch", false)]
    [TestCase("sh", false)]
    [TestCase("dash", true)]
    [TestCase("/etc/alternatives/sh", true)]
    public void A_shell_that_leads_nowhere_is_refused(string target, bool isTaken)
    {
        byte[] tar = SmallChroot.Tar(
        [
            .. SmallChroot.Entries.Where(entry => entry.Name != "chroot-autobuild/bin/sh"),
            SmallChroot.Link("chroot-autobuild/bin/sh", target), SmallChroot.File("chroot-autobuild/bin/dash"),
        ]);

        Assert.That(
            () => CheckAsync(tar),
            isTaken ? Throws.Nothing : Refused($"its shell is a link to \"{target}\", which leads nowhere"));
    }

    [Test]
    public void A_tar_that_was_cut_off_anywhere_is_refused()
    {
        var whole = SmallChroot.Tar(SmallChroot.Entries);
        var content = whole.Length - 1024; // the end mark is two blocks, of which tar wants one

        using (Assert.EnterMultipleScope())
        {
            for (var end = 512; end <= content; end += 256)
                Assert.That(() => CheckAsync(whole[..end]), Refused($"it was cut off, after {end} bytes"), $"{end} bytes");
        }
    }

    [TestCaseSource(nameof(Packers))]
    public async Task A_damaged_file_is_refused(string kind)
    {
        var whole = await PackAsync(kind, SmallChroot.Tar(LargeEntries()));

        using (Assert.EnterMultipleScope())
        {
            foreach (var place in new[] { whole.Length / 3, whole.Length / 2, whole.Length - 6 })
            {
                var damaged = whole.ToArray();
                damaged[place] ^= 0x55;
                Assert.That(() => CheckAsync(damaged), Refused($"read as a tar compressed by {kind}, and that failed: "), $"at {place}");
            }
        }
    }

    [TestCaseSource(nameof(Packers))]
    public async Task A_file_that_something_else_follows_is_refused(string kind) =>
        Assert.That(
            async () => await CheckAsync([.. await PackAsync(kind, SmallChroot.Tar(SmallChroot.Entries)), .. "something else"u8]),
            Refused($"it was read as a tar compressed by {kind}, and that failed: "));

    [Test]
    public async Task Padding_between_the_streams_of_xz_is_part_of_the_format()
    {
        var tar = SmallChroot.Tar(SmallChroot.Entries);

        await CheckAsync([.. await PackAsync("xz", tar[..1000]), .. new byte[8], .. await PackAsync("xz", tar[1000..]), .. new byte[4]]);
    }

    [TestCase("--check=crc32")]
    [TestCase("--check=sha256")]
    [TestCase("--block-size=65536")]
    [TestCase("--x86", "--lzma2")]
    public async Task Xz_is_read_with_every_sum_and_filter(params string[] options)
    {
        await File.WriteAllBytesAsync(_folder["tar"], SmallChroot.Tar(LargeEntries()));
        await ProcessRunner.CaptureAsync(Command.Of("xz", [.. options, _folder["tar"]]));

        await ChrootCheck.RunAsync(_folder["tar.xz"], _ => { }, default);
    }

    [Test]
    public async Task A_block_of_xz_does_not_get_all_the_memory_that_it_asks_for()
    {
        var packed = await PackAsync("xz", SmallChroot.Tar(SmallChroot.Entries));
        Assert.That(packed[14..16], Is.EqualTo(new byte[] { 0x21, 1 }), "the only filter is LZMA2, with one byte");
        packed[16] = 40; // 4 GiB

        Assert.That(() => CheckAsync(packed), Refused("a block needs 4095 MiB of memory to be unpacked, and at most 256 MiB are given"));
    }

    [Test]
    public void An_empty_file_is_refused() => Assert.That(() => CheckAsync([]), Refused("it is empty"));

    [TestCaseSource(nameof(Kinds))]
    public async Task A_tar_with_nothing_in_it_is_refused(string kind)
    {
        var path = await WriteAsync(kind, new byte[10240]);

        Assert.That(() => ChrootCheck.RunAsync(path, _ => { }, default), Refused("it has no top folder chroot-autobuild"));
    }

    [Test]
    public void Something_that_is_not_a_tar_is_refused() =>
        Assert.That(
            () => CheckAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("not a tar\n", 1000)))),
            Refused("(by gzip, bzip2, xz or zstd), and that failed: it does not begin as a tar does. Fetch or make it again."));

    [TestCase("bookworm/etc/")]
    [TestCase("./etc/")]
    [TestCase("etc/passwd")]
    [TestCase("/chroot-autobuild/etc/")]
    [TestCase("../chroot-autobuild/etc/")]
    [TestCase("chroot-autobuild/../../etc/passwd")]
    [TestCase("chroot-autobuild/..")]
    [TestCase("chroot-autobuild.old/etc/")]
    public void What_is_not_below_the_top_folder_is_refused(string name) =>
        Assert.That(
            () => CheckAsync(SmallChroot.Tar([.. SmallChroot.Entries, SmallChroot.File(name)])),
            Refused($"the name \"{name}\" is not below the folder chroot-autobuild, where everything has to be"));

    [Test]
    public void A_hard_link_to_something_outside_is_refused() =>
        Assert.That(
            () => CheckAsync(SmallChroot.Tar(
                [.. SmallChroot.Entries, SmallChroot.Link("chroot-autobuild/etc/x", "../../etc/shadow", TarEntryType.HardLink)])),
            Refused("\"../../etc/shadow\" is not below the folder"));

    [TestCase("/etc")]
    [TestCase("../../etc")]
    public void A_name_that_goes_through_a_link_to_somewhere_else_is_refused(string target) =>
        Assert.That(
            () => CheckAsync(SmallChroot.Tar(
                [.. SmallChroot.Entries, SmallChroot.Link("chroot-autobuild/x", target), SmallChroot.File("chroot-autobuild/x/passwd")])),
            Refused("the name \"chroot-autobuild/x/passwd\" goes through a link that may leave the folder"));

    [Test]
    public async Task Links_that_stay_inside_are_as_debian_has_them()
    {
        TarEntry[] entries =
        [
            SmallChroot.Folder("./chroot-autobuild/"),
            SmallChroot.Link("./chroot-autobuild/bin", "usr/bin"),
            SmallChroot.Link("./chroot-autobuild/etc/mtab", "/proc/mounts"),
            SmallChroot.File("./chroot-autobuild/usr/bin/dash"),
            SmallChroot.Link("./chroot-autobuild/usr/bin/sh", "dash"),
            SmallChroot.Link("./chroot-autobuild/usr/bin/other", "./chroot-autobuild/usr/bin/dash", TarEntryType.HardLink),
            .. SmallChroot.Entries.Skip(3),
        ];

        await CheckAsync(SmallChroot.Tar(entries));
    }

    [Test]
    public void What_every_build_needs_is_named_when_it_is_missing()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => CheckAsync(SmallChroot.Tar(SmallChroot.Entries.Take(2))),
                Refused("it lacks bin/sh or usr/bin/sh, the folder etc, the folder dev, the folder proc, the folder sys"));
            Assert.That(
                () => CheckAsync(SmallChroot.Tar([.. SmallChroot.Entries.SkipLast(1), SmallChroot.Link("chroot-autobuild/sys", "proc")])),
                Refused("it lacks the folder sys, which every build needs. 'buildd-farm chroot' makes one"));
            Assert.That(
                () => CheckAsync(SmallChroot.Tar([SmallChroot.File("chroot-autobuild")])), Refused("chroot-autobuild is not a folder"));
        }
    }

    [TestCase("gnu")]
    [TestCase("pax")]
    [TestCase("gnu", "--sparse")]
    [TestCase("pax", "--sparse")]
    [TestCase("ustar")]
    public async Task Everything_that_tar_writes_is_read(string format, params string[] options)
    {
        var root = Path.Combine(_folder.Path, "chroot-autobuild");
        foreach (var name in new[] { "bin", "etc", "dev", "proc", "sys" })
            Directory.CreateDirectory(Path.Combine(root, name));
        await File.WriteAllTextAsync(Path.Combine(root, "bin/sh"), "#!");
        if (format != "ustar")
        {
            var folder = Directory.CreateDirectory(Path.Combine(root, new string('a', 200))).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "\u00fc" + new string('b', 120)), "");
        }

        await using (var sparse = File.Create(Path.Combine(root, "sparse")))
        {
            for (var hole = 1; hole <= 60; hole++) // more than the map in one header has room for
            {
                sparse.Position = hole * 200_000;
                sparse.WriteByte(1);
            }
        }

        await ProcessRunner.CaptureAsync(
            Command.Of("tar", ["-C", _folder.Path, $"--format={format}", .. options, "-cf", _folder["tar"], "chroot-autobuild"]));

        await ChrootCheck.RunAsync(_folder["tar"], _ => { }, default);
    }

    [Test]
    public async Task A_sum_of_signed_bytes_is_one_too()
    {
        const string Name = "chroot-autobuild/etc/\u00fc";
        var tar = SmallChroot.Tar([.. SmallChroot.Entries, SmallChroot.File(Name)]);
        var header = tar.AsMemory(tar.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Name)), 512);
        SumUp(header.Span, value => (sbyte)value);

        await CheckAsync(tar);

        header.Span[100]++;
        Assert.That(() => CheckAsync(tar), Refused("the header of an entry is damaged"));
    }

    [Test]
    public async Task An_extended_header_of_Solaris_is_one_too()
    {
        await using var packed = new GZipStream(File.OpenRead(Cases.PathOf("chroot-pax-size", "size.tar.gz")), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        await packed.CopyToAsync(unpacked);
        var tar = unpacked.ToArray();
        var header = tar.AsMemory(tar.AsSpan().IndexOf("PaxHeaders/"u8), 512);
        header.Span[156] = (byte)'X';
        SumUp(header.Span, value => value);

        await CheckAsync(tar);
    }

    [Test]
    public void A_header_does_not_get_all_the_memory_that_it_asks_for()
    {
        var tar = SmallChroot.Tar([SmallChroot.File("chroot-autobuild/" + new string('a', 200))]);
        Encoding.ASCII.GetBytes("77777777777").CopyTo(tar, 124); // the size of the long name, 8 GiB
        SumUp(tar.AsSpan(0, 512), value => value);

        Assert.That(() => CheckAsync(tar), Refused("an entry has a header of 8589934591 bytes, and at most 1048576 are read"));
    }

    [Test]
    public async Task It_can_be_called_off()
    {
        var path = await WriteAsync(Plain, new byte[1024]);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        Assert.That(() => ChrootCheck.RunAsync(path, _ => { }, stop.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_file_that_is_not_there_is_not_found() =>
        Assert.That(
            () => ChrootCheck.RunAsync(_folder["missing"], _ => { }, default),
            Throws.TypeOf<FarmException>().With.Property(nameof(FarmException.ExitCode)).EqualTo(FarmExitCode.NotFound));

    private static ContainsConstraint Refused(string because) =>
        Throws.TypeOf<FarmException>().With.Message.Contains("can't be used as a chroot: ").And.Message.Contains(because);

    private static void SumUp(Span<byte> header, Func<byte, int> number)
    {
        header[148..156].Fill((byte)' ');
        var sum = header.ToArray().Sum(number);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header[148..]);
    }

    /// <summary>With more in it than the buffers of those who read it hold, half of it noise.</summary>
    private static IEnumerable<TarEntry> LargeEntries()
    {
        var noise = new byte[300_000];
        new Random(1).NextBytes(noise);
        return
        [
            .. SmallChroot.Entries,
            SmallChroot.File("chroot-autobuild/noise", noise),
            SmallChroot.File("chroot-autobuild/zeroes", new byte[300_000]),
        ];
    }

    private async Task CheckAsync(byte[] bytes)
    {
        var path = _folder[Guid.NewGuid().ToString("N")];
        await File.WriteAllBytesAsync(path, bytes);
        await ChrootCheck.RunAsync(path, _ => { }, default);
    }

    private async Task<string> WriteAsync(string kind, byte[] tar)
    {
        await File.WriteAllBytesAsync(_folder["chroot"], kind == Plain ? tar : await PackAsync(kind, tar));
        return _folder["chroot"];
    }

    private async Task<byte[]> PackAsync(string program, byte[] bytes)
    {
        var path = _folder[Guid.NewGuid().ToString("N")];
        await File.WriteAllBytesAsync(path, bytes);
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", $"{program} -c {path} > {path}.packed"));
        return await File.ReadAllBytesAsync(path + ".packed");
    }
}
