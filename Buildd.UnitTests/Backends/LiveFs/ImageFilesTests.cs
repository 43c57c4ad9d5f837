using System.Text;
using Buildd.Backends.LiveFs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.LiveFs;

[Parallelizable(ParallelScope.All)]
public sealed class ImageFilesTests
{
    [Test]
    public void Each_kind_of_file_has_a_stable_name_and_none_is_lost()
    {
        var files = ImageFiles.Name("board", [
            "live-image-amd64.hybrid.iso", "live-image-amd64.packages", "live-image-amd64.contents", "binary/live/filesystem.packages",
            "binary/live/filesystem.squashfs",
            "binary/live/vmlinuz", "binary/live/initrd.img", "binary/live/vmlinuz-6.1-rt", "binary/live/initrd.img-6.1-rt",
            "livecd.board.manifest",
            "live-image-amd64.tar.gz", "live-image-amd64.img", "filesystem.manifest", "other/live/filesystem.squashfs",
            "third/live/filesystem.squashfs",
        ]);

        Assert.That(files.Select(file => $"{file.Name} <- {file.Path}"), Is.EquivalentTo(new[]
        {
            "livecd.board.iso <- live-image-amd64.hybrid.iso",
            "livecd.board.packages <- live-image-amd64.packages",
            "livecd.board.contents <- live-image-amd64.contents",
            "livecd.board.filesystem.packages <- binary/live/filesystem.packages",
            "livecd.board.squashfs <- binary/live/filesystem.squashfs",
            "livecd.board.filesystem.squashfs <- other/live/filesystem.squashfs",
            "livecd.board.third-live-filesystem.squashfs <- third/live/filesystem.squashfs",
            "livecd.board.kernel <- binary/live/vmlinuz",
            "livecd.board.initrd <- binary/live/initrd.img",
            "livecd.board.kernel-6.1-rt <- binary/live/vmlinuz-6.1-rt",
            "livecd.board.initrd-6.1-rt <- binary/live/initrd.img-6.1-rt",
            "livecd.board.manifest <- livecd.board.manifest",
            "livecd.board.filesystem.manifest <- filesystem.manifest",
            "livecd.board.tar.gz <- live-image-amd64.tar.gz",
            "livecd.board.img <- live-image-amd64.img",
        }));
    }

    [Test]
    public void A_kernel_with_its_version_in_its_name_has_a_stable_one_too()
    {
        var files = ImageFiles.Name(
            "b",
            ["binary/boot/vmlinux-6.1-a", "binary/boot/vmlinux-6.2-a", "binary/boot/initrd.img-6.1-a", "binary/boot/initrd.img-6.2-a",
                "binary/live/initrd"]);

        Assert.That(files.Select(file => $"{file.Name} <- {file.Path}"), Is.EquivalentTo(new[]
        {
            "livecd.b.kernel <- binary/boot/vmlinux-6.1-a",
            "livecd.b.kernel-6.2-a <- binary/boot/vmlinux-6.2-a",
            "livecd.b.initrd <- binary/boot/initrd.img-6.1-a",
            "livecd.b.initrd-6.2-a <- binary/boot/initrd.img-6.2-a",
            "livecd.b.binary-live-initrd <- binary/live/initrd",
        }));
    }

    [TestCase("raspi_4_bookworm.img.xz", "livecd.b.img.xz")]
    [TestCase("live-image-arm64.hybrid.iso.zst", "livecd.b.iso.zst")]
    [TestCase("filesystem.squashfs.gz", "livecd.b.squashfs.gz")]
    [TestCase("disk.xz", "livecd.b.xz")]
    [TestCase("disk-12.1.xz", "livecd.b.xz", Description = "a part of a version is no kind of file")]
    [TestCase("live-image-amd64.hybrid.iso.zsync", "livecd.b.zsync")]
    public void How_a_file_is_compressed_does_not_hide_its_kind(string path, string name) =>
        Assert.That(ImageFiles.Name("b", [path]).Single().Name, Is.EqualTo(name));

    [Test]
    public void Two_paths_that_would_have_one_name_have_two()
    {
        var files = ImageFiles.Name("p", ["a/b.img", "a-b.img", "a/x/b.img", "a-x/b.img", "a-x-b.img"]);

        Assert.That(files.Select(file => file.Name).Distinct().Count(), Is.EqualTo(5));
    }

    [Test]
    public void What_is_no_ordinary_file_or_has_no_name_for_a_result_is_told_and_passed_over()
    {
        var told = new List<string>();
        var listed = Encoding.UTF8.GetBytes(
            "f livecd.b\0f livecd.a\0l livecd.link\0p livecd.pipe\0d livecd.folder\0b livecd.disk\0f livecd.li\nne\0f ../livecd.up\0f "
                + "a/../b\0")
            .Concat("f livecd."u8.ToArray()).Append((byte)0xFF).Append((byte)0)
            .Concat(Encoding.UTF8.GetBytes($"f {new string('x', 201)}\0f \0x\0")).ToArray();

        Assert.That(ImageFiles.Read(listed, told.Add), Is.EqualTo(new[] { "livecd.a", "livecd.b" }));
        Assert.That(told, Has.Count.EqualTo(9));
        Assert.That(told, Is.All.Not.Contains("\n"));
        Assert.That(told[0], Does.Contain("a symbolic link is not followed"));
    }
}
