using Buildd.Backends.Limits;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Limits;

[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class DiskWatchTests
{
    [Test]
    public async Task A_disk_is_full_when_hardly_anything_is_left()
    {
        await using var disk = await SmallFileSystem.MountAsync(16 * 1024 * 1024);
        Assert.That(DiskWatch.IsFull(disk.Path), Is.False);

        disk.Fill("file", 13 * 1024 * 1024);

        Assert.That(DiskWatch.IsFull(disk.Path));
        Assert.That(DiskWatch.IsFull("/no/such/folder"), Is.False, "what can't be told is no reason");
    }
}
