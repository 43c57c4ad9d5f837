using System.Text;
using Buildd.Backends.LiveFs;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.LiveFs;

/// <summary>What can be told of an image by its files alone. The script runs on this machine, in a folder of its own.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ImageFactsTests : IDisposable
{
    private const string Listed = "bash\t5.2-1\nzlib1g\t1:1.2-3\n";

    /// <summary>What the files of the root weigh.</summary>
    private const int Content = 100_000;

    private const string PackRoot = "mksquashfs root filesystem.squashfs -quiet -no-progress >/dev/null; ";

    private readonly TemporaryDirectory _folder = new();

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    [TestCase("mv root chroot", "", TestName = "The_folder_of_the_root_tells")]
    [TestCase("mksquashfs root x.squashfs -quiet -no-progress >/dev/null", "x.squashfs", TestName = "A_squashfs_tells")]
    [TestCase(
        "mkdir binary; mksquashfs root binary/x.squashfs -quiet -no-progress >/dev/null", "binary/x.squashfs",
        TestName = "A_squashfs_in_a_folder_tells")]
    [TestCase("mksquashfs root ./-x.squashfs -quiet -no-progress >/dev/null", "-x.squashfs", TestName = "A_squashfs_with_a_hyphen_tells")]
    [TestCase("tar -C root -cf x.tar .", "x.tar", TestName = "A_tarball_tells")]
    [TestCase("tar -czf x.tar.gz root", "x.tar.gz", TestName = "A_tarball_with_a_folder_for_the_root_tells")]
    [TestCase(
        "mkdir -p root/srv/inner/var/lib/dpkg; echo x > root/srv/inner/var/lib/dpkg/status; tar -C root -cJf x.tar.xz ./srv ./var "
            + "./content", "x.tar.xz", TestName = "Another_system_in_a_tarball_is_not_the_root")]
    [TestCase(
        PackRoot + "mkdir -p binary/live; mv filesystem.squashfs binary/live; tar -czf x.tar.tar.gz binary", "x.tar.tar.gz",
        TestName = "A_squashfs_in_a_tarball_tells")]
    [TestCase(
        PackRoot + "mkdir -p 'binary/live it'; mv filesystem.squashfs 'binary/live it'; xorriso -as mkisofs -quiet -R -o x.iso binary "
            + "2>/dev/null", "x.iso", TestName = "A_squashfs_in_an_iso_tells")]
    [TestCase(
        PackRoot + "mkdir -p binary/live; mv filesystem.squashfs binary/live; xorriso -as mkisofs -quiet -R -o x.img binary 2>/dev/null",
        "x.img", TestName = "An_iso_that_is_called_img_tells")]
    [TestCase("mke2fs -q -t ext4 -d root x.img 8M", "x.img", TestName = "An_ext4_tells")]
    [TestCase(
        "truncate -s 20M x.img; printf '2048,8192\\n10240,\\n' | sfdisk -q x.img; mke2fs -q -t ext4 -E offset=1048576 x.img 4M; mke2fs "
            + "-q -t ext4 -d root -E offset=5242880 x.img 8M", "x.img", TestName = "The_partition_with_the_packages_tells")]
    [TestCase(
        PackRoot + "truncate -s 20M x.img; echo '2048,' | sfdisk -q x.img; dd status=none if=filesystem.squashfs of=x.img bs=1M seek=1 "
            + "conv=notrunc", "x.img", TestName = "A_squashfs_in_a_partition_tells")]
    [TestCase(
        PackRoot + "truncate -s 20M x.img; echo '2048,' | sfdisk -q x.img; mformat -i x.img@@1048576 -T 32768 ::; mmd -i x.img@@1048576 "
            + "::/live; mcopy -i x.img@@1048576 filesystem.squashfs ::/live/", "x.img", TestName =
            "A_squashfs_on_a_stick_for_starting_tells")]
    public async Task Tells(string make, string result)
    {
        var (manifest, size, log) = await FindAsync(make, result);

        Assert.That((manifest, log), Is.EqualTo((Listed, "")));
        Assert.That(size, Is.InRange(Content, Content * 40));
    }

    [Test]
    public async Task The_list_that_live_build_leaves_comes_first()
    {
        var (manifest, _, _) = await FindAsync("mv root chroot; echo 'its own' > chroot.packages.live");

        Assert.That(manifest, Is.EqualTo("its own\n"));
    }

    [TestCase(
        "head -c 5000 /dev/urandom > x.iso; head -c 3000 /dev/urandom > y.squashfs; echo > z.tar.gz", 5000, "x.iso", "y.squashfs",
        "z.tar.gz")]
    [TestCase("echo tiny > x.img; head -c 5000 /dev/urandom > y.contents", 5, "y.contents", "x.img")]
    [TestCase("truncate -s 3G x.img", 3L * 1024 * 1024 * 1024, "x.img")]
    [TestCase("mkdir empty; tar -C empty -cf x.tar .", 10240, "x.tar")]
    [TestCase("", 0)]
    public async Task What_can_not_be_told_is_empty_and_the_log_says_so(string make, long largest, params string[] results)
    {
        var (manifest, size, log) = await FindAsync($"rm -r root; {make}", results);

        Assert.That((manifest, size), Is.EqualTo(("", largest)));
        Assert.That(
            log, Does.Contain("packages are not known").And.Contain("livecd.p.manifest is empty")
                .And.Contain("livecd.p.size is that of the largest image"));
    }

    [Test]
    public async Task What_is_not_asked_for_is_not_made_and_what_is_in_the_way_is_removed()
    {
        await RunAsync("mkdir -p livecd.p.size/x; mkdir target; ln -s target/never livecd.p.manifest");
        await RunAsync(ImageFacts.Script, "", "livecd.p.size");

        Assert.That(File.Exists(_folder["livecd.p.size"]));
        Assert.That(Directory.GetFileSystemEntries(_folder["target"]), Is.Empty);
        await RunAsync(ImageFacts.Script, "livecd.p.manifest", "");

        Assert.That(new FileInfo(_folder["livecd.p.manifest"]).LinkTarget, Is.Null);
        Assert.That(Directory.GetFileSystemEntries(_folder["target"]), Is.Empty);
    }

    /// <summary>Makes a root with packages and of it a result; then tells.</summary>
    private async Task<(string Manifest, long Size, string Log)> FindAsync(string make, params string[] results)
    {
        foreach (var tool in (string[])["mksquashfs", "xorriso", "mke2fs", "sfdisk", "mformat"])
            Machine.Require(
                ((string[])["/usr/bin", "/usr/sbin", "/sbin"])
                    .Any(folder => File.Exists(Path.Combine(folder, tool))), $"{tool}: run 'make test', which installs it");
        await RunAsync($$"""
            set -e; PATH=$PATH:/usr/sbin:/sbin; export PATH
            mkdir -p root/var/lib/dpkg/updates root/var/lib/dpkg/info root/etc
            head -c {{Content}} /dev/urandom > root/content
            printf 'Package: %s\nStatus: %s\nArchitecture: amd64\nMaintainer: a\nVersion: %s\nDescription: a\n\n' \
                bash 'install ok installed' 5.2-1 gone 'deinstall ok config-files' 1 zlib1g 'install ok installed' 1:1.2-3 > root/var/lib/dpkg/status
            {{make}}
            [ "{{make}}" = 'mv root chroot' ] || rm -rf root filesystem.squashfs
            """);
        var log = await RunAsync(ImageFacts.Script, ["livecd.p.manifest", "livecd.p.size"], results);
        Assert.That(Directory.GetFileSystemEntries(_folder.Path, ".facts*"), Is.Empty);
        return (
            await File.ReadAllTextAsync(_folder["livecd.p.manifest"]), long.Parse(
                await File.ReadAllTextAsync(_folder["livecd.p.size"]), System.Globalization.CultureInfo.InvariantCulture), log);
    }

    private Task<string> RunAsync(string script, params string[] names) => RunAsync(script, names, []);

    private Task<string> RunAsync(string script, string[] names, string[] results) =>
        ProcessRunner.CaptureAsync(Command.Of("/bin/sh", ["-c", script, "sh", _folder.Path, .. names]) with
        {
            WorkingDirectory = _folder.Path,
            StandardInput = Encoding.UTF8.GetBytes(string.Concat(results.Select(result => $"./{result}\n"))),
        });
}
