using Buildd.Backends.Environments;
using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

[Parallelizable(ParallelScope.All)]
public sealed class TarCompressionTests
{
    [TestCase("--gzip")]
    [TestCase("--bzip2")]
    [TestCase("--xz")]
    [TestCase("--zstd")]
    [TestCase(null)]
    public async Task What_tar_has_compressed_is_recognised_and_comes_out_of_a_pipe_again(string? option)
    {
        using var folder = new TemporaryDirectory();
        Directory.CreateDirectory(folder["in"]);
        await File.WriteAllTextAsync(folder["in/file"], "content");
        if (option is not null and not "--gzip")
            Machine.Require(File.Exists($"/usr/bin/{option[2..]}") || File.Exists($"/bin/{option[2..]}"), option[2..]);
        await ProcessRunner.CaptureAsync(
            Command.Of("tar", ["-C", folder.Path, .. option is null ? (string[])[] : [option], "-cf", folder["x.tar"], "in"]));

        var found = await TarCompression.FindAsync(folder["x.tar"], CancellationToken.None);

        Assert.That(found, Is.EqualTo(option is null ? [] : new[] { option }));
        var text = await ProcessRunner.CaptureAsync(
            Command.Of("sh", ["-c", $"cat '{folder["x.tar"]}' | tar \"$@\"", "sh", "-xO", .. found, "-f", "-"]));
        Assert.That(text, Is.EqualTo("content"));
    }

    [TestCase("", TestName = "An_empty_file_is_not_compressed")]
    [TestCase("B", TestName = "A_file_shorter_than_a_sign_is_not_compressed")]
    [TestCase("this is no tarball", TestName = "Text_is_not_compressed")]
    public async Task Anything_else_is_left_to_tar(string content)
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder["x"], content);

        Assert.That(await TarCompression.FindAsync(folder["x"], CancellationToken.None), Is.Empty);
    }
}
