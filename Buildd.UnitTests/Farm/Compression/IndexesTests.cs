using Buildd.Farm.Compression;
using Buildd.Linux.Processes;
using Buildd.Master.Uploads.Archives;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm.Compression;

/// <summary>The indexes of an archive, in each compression that it may offer.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class IndexesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("cat", "")]
    [TestCase("gzip", ".gz")]
    [TestCase("zstd", ".zst")]
    [TestCase("xz", ".xz")]
    [TestCase("bzip2", ".bz2")]
    public async Task Packages_are_found_in_an_index_however_it_is_compressed(string program, string extension)
    {
        await AddAsync(program, extension, "1.0");

        Assert.That(await FindAsync(CompressedFile.Indexes), Is.EqualTo(new[] { new PublishedBinary("hello", "hello", "1.0", "amd64") }));
    }

    [Test]
    public async Task Of_several_the_one_that_is_read_most_cheaply_is_taken()
    {
        (string Program, string Extension)[] kinds = [("bzip2", ".bz2"), ("xz", ".xz"), ("zstd", ".zst"), ("gzip", ".gz"), ("cat", "")];
        for (var i = 0; i < kinds.Length; i++)
        {
            await AddAsync(kinds[i].Program, kinds[i].Extension, $"{i}");

            Assert.That((await FindAsync(CompressedFile.Indexes)).Single().Version, Is.EqualTo($"{i}"));
        }
    }

    [Test]
    public async Task The_library_alone_reads_what_the_framework_unpacks()
    {
        await AddAsync("xz", ".xz", "1.0");
        Assert.That(await FindAsync([]), Is.Empty);

        await AddAsync("gzip", ".gz", "2.0");
        Assert.That((await FindAsync([])).Single().Version, Is.EqualTo("2.0"));
    }

    [Test]
    public async Task Fields_are_found_in_any_case_and_with_any_blanks_around_the_colon()
    {
        await File.WriteAllTextAsync(
            Path.Combine(Directory.CreateDirectory(Folder).FullName, "Packages"),
            "VERSION:1.0 \npackage\t:\thello\r\nPackage-Type: deb\nDescription: x\n Version: 2\n");

        Assert.That(await FindAsync([]), Is.EqualTo(new[] { new PublishedBinary("hello", "hello", "1.0", "amd64") }));
    }

    [TestCase("", "hello")]
    [TestCase("Source: greeter\n", "greeter")]
    [TestCase("source : greeter (2:1.0-1)\n", "greeter")]
    [TestCase("Description: x\n Source: evil\n", "hello")]
    public async Task A_package_is_of_the_source_that_its_entry_names_or_of_one_of_its_own_name(string field, string expected)
    {
        await File.WriteAllTextAsync(
            Path.Combine(Directory.CreateDirectory(Folder).FullName, "Packages"),
            $"Package: other\nSource: another\nVersion: 1\n\nPackage: hello\nVersion: 1.0+b1\n{field}");

        Assert.That(await FindAsync([]), Is.EqualTo(new[] { new PublishedBinary("hello", expected, "1.0+b1", "amd64") }));
    }

    [TestCase("zstd", ".zst")]
    [TestCase("xz", ".xz")]
    [TestCase("bzip2", ".bz2")]
    public async Task A_damaged_index_is_an_error_as_it_is_in_gzip(string program, string extension)
    {
        await AddAsync(program, extension, "1.0");
        var path = Path.Combine(Folder, "Packages" + extension);
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path))[..^10]);

        Assert.That(() => FindAsync(CompressedFile.Indexes), Throws.TypeOf<InvalidDataException>());
    }

    private string Folder => Path.Combine(_folder.Path, "main", "binary-amd64");

    private Task<IReadOnlyList<PublishedBinary>> FindAsync(IReadOnlyList<IndexCompression> compressions) =>
        PackagesIndex.FindAsync(_folder.Path, ["hello"], compressions, default);

    private async Task AddAsync(string program, string extension, string version)
    {
        Directory.CreateDirectory(Folder);
        await File.WriteAllTextAsync(_folder["index"], $"Package: hello\nVersion: {version}\n\nPackage: other\nVersion: 7\n");
        var packed = Path.Combine(Folder, "Packages" + extension);
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", $"{program} < {_folder["index"]} > {packed}"));
    }
}
