using System.Text.Json;
using Buildd.Slave;
using Buildd.Slave.Files;
using Buildd.Slave.Http;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class HealthEndpointTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public async Task A_slave_that_could_build_is_ok_and_nothing_is_left_in_its_cache()
    {
        var (status, answer) = await AskAsync(Healthy());

        Assert.That((status, answer.GetRawText()), Is.EqualTo((200, """{"status":"ok"}""")));
        Assert.That(Directory.GetFiles(_slave.Options.FileCacheDirectory), Is.Empty);
    }

    [Test]
    public async Task A_cache_that_can_not_be_written_is_told()
    {
        Directory.Delete(_slave.Options.FileCacheDirectory);

        var (status, answer) = await AskAsync(Healthy());

        Assert.That(status, Is.EqualTo(503));
        Assert.That(answer.GetProperty("status").GetString(), Is.EqualTo("failing"));
        Assert.That(Reasons(answer), Has.Some.StartsWith("the file cache can't be written: "));
    }

    [Test]
    public async Task Too_little_room_is_told_and_nothing_is_removed_for_it()
    {
        var sum = _slave.Add("content");
        File.SetLastAccessTimeUtc(_slave.InCache(sum), DateTime.UnixEpoch);

        var (status, answer) = await AskAsync(Healthy() with { Cache = new FileCacheOptions { FreeSpaceFloorBytes = long.MaxValue } });

        Assert.That(status, Is.EqualTo(503));
        Assert.That(Reasons(answer).Single(), Does.EndWith("9223372036854775807 have to stay free"));
        Assert.That(File.Exists(_slave.InCache(sum)));
    }

    [Test]
    public async Task A_slave_without_backends_is_told()
    {
        var (status, answer) = await AskAsync(_slave.Options);

        Assert.That((status, Reasons(answer).Single()), Is.EqualTo((503, "there is no backend")));
    }

    [Test]
    public async Task Other_methods_are_refused()
    {
        var exchange = new HttpExchange("POST");

        await new HealthEndpoint(Healthy(), _slave.Cache.Folder, TimeProvider.System).HandleAsync(exchange.Context);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(405));
    }

    [Test]
    public async Task Work_that_hangs_is_not_waited_for_and_not_begun_twice()
    {
        using var release = new ManualResetEventSlim();
        var begun = 0;
        var work = new SharedWork<int>(
            () =>
            {
                Interlocked.Increment(ref begun);
                release.Wait();
                return 42;
            },
            TimeSpan.FromMilliseconds(50),
            TimeProvider.System);

        Assert.That(async () => await work.RunAsync(SlaveBench.Deadline), Throws.InstanceOf<TimeoutException>());
        Assert.That(async () => await work.RunAsync(SlaveBench.Deadline), Throws.InstanceOf<TimeoutException>());
        Assert.That(begun, Is.EqualTo(1));

        release.Set();
        int? result = null;
        while (result is null)
        {
            try
            {
                result = await work.RunAsync(SlaveBench.Deadline);
            }
            catch (TimeoutException)
            {
                // a busy machine
            }
        }

        Assert.That(result, Is.EqualTo(42));
    }

    private SlaveOptions Healthy() =>
        _slave.Options with { Backends = [_slave.Backend], Cache = new FileCacheOptions { FreeSpaceFloorBytes = 0 } };

    private async Task<(int Status, JsonElement Answer)> AskAsync(SlaveOptions options)
    {
        var exchange = new HttpExchange("GET");
        await new HealthEndpoint(options, _slave.Cache.Folder, TimeProvider.System).HandleAsync(exchange.Context);
        Assert.That(exchange.Response.ContentType, Is.EqualTo("application/json"));
        return (exchange.Response.StatusCode, JsonDocument.Parse(exchange.Body).RootElement);
    }

    private static IEnumerable<string?> Reasons(JsonElement answer) =>
        answer.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString());
}
