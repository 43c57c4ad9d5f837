using System.Security.Cryptography;
using Buildd.Master.Results;
using Buildd.Protocol;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Results;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(120_000)]
public sealed class PassageTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly Passage _passage = new();

    public void Dispose()
    {
        _passage.Dispose();
        _folder.Dispose();
    }

    /// <summary>Sizes at the edges of a piece, and one that the disk is told of on the way.</summary>
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(64 * 1024 - 1)]
    [TestCase(Passage.PieceBytes - 1)]
    [TestCase(Passage.PieceBytes)]
    [TestCase(Passage.PieceBytes + 1)]
    [TestCase(3 * Passage.PieceBytes + 7)]
    [TestCase(80 << 20)]
    public async Task What_passes_is_written_and_summed_up(int size)
    {
        var content = Content(size);
        await using var target = Create();

        var passed = 0L;
        var count = await _passage.PassAsync(new Dribble(content), long.MaxValue, target, piece => passed += piece, CancellationToken.None);

        await target.DisposeAsync();
        Assert.That((count, passed), Is.EqualTo(((long)size, (long)size)));
        AssertSums(content);
        Assert.That((await File.ReadAllBytesAsync(_folder["file"])).AsSpan().SequenceEqual(content));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(Passage.PieceBytes)]
    [TestCase(Passage.PieceBytes + 1)]
    public async Task It_ends_where_it_is_told_to(int atMost)
    {
        var content = Content(2 * Passage.PieceBytes);

        var count = await _passage.PassAsync(new Dribble(content), atMost, null, null, CancellationToken.None);

        Assert.That(count, Is.EqualTo(atMost));
        AssertSums(content[..atMost]);
    }

    [Test]
    public async Task Two_streams_are_summed_up_as_one()
    {
        var content = Content(Passage.PieceBytes + 1000);

        await _passage.PassAsync(new MemoryStream(content[..1000]), 1000, null, null, CancellationToken.None);
        await _passage.PassAsync(new MemoryStream(content[1000..]), long.MaxValue, null, null, CancellationToken.None);

        AssertSums(content);
    }

    [TestCase(1000)]
    [TestCase(Passage.PieceBytes)]
    [TestCase(Passage.PieceBytes + 1000)]
    public async Task What_came_before_the_reading_failed_is_written(int size)
    {
        var content = Content(size);
        await using var target = Create();

        Assert.That(
            () => _passage.PassAsync(
                new Dribble(content) { End = () => throw new IOException("broken") }, long.MaxValue, target, null, CancellationToken.None),
            Throws.TypeOf<IOException>().With.Message.EqualTo("broken"));

        await target.DisposeAsync();
        Assert.That((await File.ReadAllBytesAsync(_folder["file"])).AsSpan().SequenceEqual(content));
    }

    [Test]
    public async Task A_disk_that_is_full_ends_it_at_once_though_the_source_says_nothing_more()
    {
        await using var full =
            new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0, FileOptions.Asynchronous);
        var source = new Dribble(Content(Passage.PieceBytes)) { End = () => Task.Delay(Timeout.Infinite, CancellationToken.None) };

        Assert.That(() => _passage.PassAsync(source, long.MaxValue, full, null, CancellationToken.None), Throws.InstanceOf<IOException>());
    }

    [Test]
    public async Task It_can_be_called_off_while_it_waits()
    {
        using var stop = new CancellationTokenSource();
        await using var target = Create();
        var source = new Dribble(Content(Passage.PieceBytes)) { End = () => stop.CancelAsync() };

        Assert.That(
            () => _passage.PassAsync(source, long.MaxValue, target, null, stop.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private static byte[] Content(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    private FileStream Create() => new(_folder["file"], FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);

    private void AssertSums(byte[] content) => Assert.That(
        _passage.TakeSums(),
        Is.EqualTo((
            new Sha1(CryptographicOperations.HashData(HashAlgorithmName.SHA1, content)),
            Convert.ToHexStringLower(SHA256.HashData(content)))));

    /// <summary>Gives its content in pieces of many sizes, as a network does; what happens at the end is the test's.</summary>
    private sealed class Dribble(byte[] content) : MemoryStream(content)
    {
        private readonly Random _random = new(7);

        public Func<Task> End { get; init; } = () => Task.CompletedTask;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position == Length)
            {
                await End().WaitAsync(cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
            }

            var most = _random.Next(1, 300_000);
            return Read(buffer.Span[..Math.Min(buffer.Length, most)]);
        }
    }
}
