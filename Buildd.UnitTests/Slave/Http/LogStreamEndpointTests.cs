using System.IO.Pipelines;
using System.Text;
using Buildd.Protocol.Messages;
using Buildd.Slave.Builds;
using Buildd.Slave.Http;
using Buildd.Slave.Logs;
using Buildd.Testing.Runs;
using Buildd.UnitTests.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class LogStreamEndpointTests : IAsyncDisposable
{
    private readonly SlaveBench _slave = new();
    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly LogStreamEndpoint _endpoint;

    public LogStreamEndpointTests()
    {
        var lifetime = Substitute.For<IHostApplicationLifetime>();
        lifetime.ApplicationStopping.Returns(_stopping.Token);
        _endpoint = new LogStreamEndpoint(_slave.Builder, lifetime, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _slave.DisposeAsync();
        _stopping.Dispose();
    }

    [Test]
    public async Task Without_a_build_there_is_nothing_to_watch()
    {
        var (status, body) = await AskAsync();

        Assert.That(status, Is.EqualTo(404));
        Assert.That(body, Is.EqualTo("there is no build, and so no log\n"));
    }

    [Test]
    public async Task A_log_that_has_ended_comes_whole_with_its_end()
    {
        await RunAsync("first\nsecond\n");

        var (status, body) = await AskAsync();

        Assert.That(status, Is.EqualTo(200));
        Assert.That(body, Is.EqualTo("id: 13\ndata: first\ndata: second\ndata: \n\nid: 13\nevent: end\ndata: 13\n\n"));
    }

    [TestCase("?offset=6", null, "second\n")]
    [TestCase("?offset=0", null, "first\nsecond\n")]
    [TestCase("?offset=13", null, "")]
    [TestCase("?offset=tail", null, "first\nsecond\n")]
    [TestCase("?offset=0", "6", "second\n")]
    [TestCase("", "12", "\n")]
    [TestCase("?offset=", "", "first\nsecond\n")]
    public async Task It_comes_from_where_one_asks(string query, string? lastId, string text)
    {
        await RunAsync("first\nsecond\n");

        var (_, body) = await AskAsync(query, lastId);

        var events = ServerSentEvents.Parse(body);
        Assert.That(string.Concat(events.Where(item => item.Name == "message").Select(item => item.Data)), Is.EqualTo(text));
        Assert.That(events[^1], Is.EqualTo(new ServerSentEvent(13, "end", "13")));
    }

    [Test]
    public async Task The_tail_is_what_status_shows()
    {
        await RunAsync(new string('x', 5_000));

        var (_, body) = await AskAsync("?offset=tail");

        Assert.That(ServerSentEvents.Parse(body)[0].Data, Has.Length.EqualTo(BuildLog.TailBytes));
    }

    [TestCase("?offset=-1")]
    [TestCase("?offset=1.5")]
    [TestCase("?offset=x")]
    [TestCase("?offset=+1")]
    [TestCase("?offset=%201")]
    [TestCase("?offset=99999999999999999999")]
    [TestCase("?offset=1&offset=2")]
    [TestCase("", "x")]
    public async Task An_offset_that_is_none_is_refused(string query, string? lastId = null)
    {
        await RunAsync("text");

        var (status, body) = await AskAsync(query, lastId);

        Assert.That(status, Is.EqualTo(400));
        Assert.That(body, Does.Contain("offset"));
    }

    [Test]
    public async Task An_offset_behind_the_end_is_of_another_log()
    {
        await RunAsync("text");

        var (status, body) = await AskAsync("?offset=5");

        Assert.That(status, Is.EqualTo(416));
        Assert.That(body, Does.Contain("4 bytes"));
    }

    [Test]
    public async Task Who_comes_back_after_the_end_is_told_to_stay_away()
    {
        await RunAsync("text");

        Assert.That(await AskAsync("", "4"), Is.EqualTo((204, "")));
    }

    [Test]
    public async Task What_is_logged_arrives_as_it_is_logged()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var context = await StartAsync(release);
        await using var watcher = new Watcher(_endpoint);

        context.Log.Write("one"u8);
        await watcher.UntilAsync("id: 3\ndata: one\n\n");
        context.Log.Write(" two\n"u8);
        await watcher.UntilAsync("id: 8\ndata:  two\ndata: \n\n");
        context.Log.Write([0xE2, 0x82]);
        context.Log.Write([0xAC]);
        await watcher.UntilAsync("id: 11\ndata: \u20ac\n\n");
        release.SetResult();
        await watcher.UntilAsync("id: 11\nevent: end\ndata: 11\n\n");
        await watcher.Ended.WaitAsync(SlaveBench.Deadline);
    }

    [Test]
    public async Task A_quiet_log_has_a_heartbeat()
    {
        await StartAsync(new TaskCompletionSource());
        await using var watcher = new Watcher(_endpoint);

        for (var beat = 1; beat <= 2; beat++)
        {
            await Until.TrueAsync(() => _time.Waits.Count >= beat);
            _time.Advance(LogStreamEndpoint.HeartbeatInterval);
            await watcher.UntilAsync(": still there\n\n");
        }

        Assert.That(_time.Waits, Is.All.EqualTo(TimeSpan.FromSeconds(15)));
    }

    [Test]
    public async Task A_stopping_slave_ends_its_streams()
    {
        var context = await StartAsync(new TaskCompletionSource());
        context.Log.Write("x"u8);
        await using var watcher = new Watcher(_endpoint);
        await watcher.UntilAsync("data: x\n\n");

        await _stopping.CancelAsync();

        await watcher.Ended.WaitAsync(SlaveBench.Deadline);
    }

    [Test]
    public async Task Only_so_many_may_watch_at_once()
    {
        var context = await StartAsync(new TaskCompletionSource());
        context.Log.Write("x"u8);
        var watchers = Enumerable.Range(0, LogStreamEndpoint.MaxStreams).Select(_ => new Watcher(_endpoint)).ToList();
        foreach (var watcher in watchers)
            await watcher.UntilAsync("data: x\n\n");

        var (status, body) = await AskAsync();
        Assert.That(status, Is.EqualTo(503));
        Assert.That(body, Is.EqualTo("64 others are watching already\n"));

        foreach (var watcher in watchers)
            await watcher.DisposeAsync();
        await using var next = new Watcher(_endpoint);
        await next.UntilAsync("data: x\n\n");
    }

    [Test]
    public async Task Who_reads_too_slowly_misses_bytes_and_is_told()
    {
        _slave.Options.Log = new BuildLogOptions { MaxBytes = BuildLogOptions.LeastMaxBytes };
        await RunAsync(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n")));

        var (_, body) = await AskAsync();

        var events = ServerSentEvents.Parse(body);
        var gap = events.Single(item => item.Name == "gap");
        var text = string.Concat(events.Where(item => item.Name == "message").Select(item => item.Data));
        Assert.That(text, Does.StartWith("line 0\n").And.EndWith("line 19999\n"));
        Assert.That(text.Length + long.Parse(gap.Data, null), Is.EqualTo(events[^1].Id));
        Assert.That(events.Select(item => item.Id), Is.Ordered);
    }

    private Task RunAsync(string log) => _slave.RunAsync(context =>
    {
        context.Log.Write(Encoding.UTF8.GetBytes(log));
        return Task.CompletedTask;
    });

    private async Task<IBuildContext> StartAsync(TaskCompletionSource release)
    {
        _slave.Backend.Run = async (_, abort) =>
        {
            await release.Task.WaitAsync(abort);
            return new BuildOutcome(BuildStatus.Ok);
        };
        return await _slave.StartAsync();
    }

    private async Task<(int Status, string Body)> AskAsync(string query = "", string? lastId = null)
    {
        var exchange = new HttpExchange("GET");
        exchange.Context.Request.QueryString = new QueryString(query);
        if (lastId is not null)
            exchange.Context.Request.Headers["Last-Event-ID"] = lastId;
        await _endpoint.HandleAsync(exchange.Context).WaitAsync(SlaveBench.Deadline);
        return (exchange.Response.StatusCode, Encoding.UTF8.GetString(exchange.Body));
    }

    /// <summary>A client that stays and listens.</summary>
    private sealed class Watcher : IAsyncDisposable
    {
        private readonly Pipe _pipe = new();
        private readonly CancellationTokenSource _aborted = new();
        private readonly StringBuilder _heard = new();

        internal Watcher(LogStreamEndpoint endpoint)
        {
            var exchange = new HttpExchange("GET");
            exchange.Response.Body = _pipe.Writer.AsStream();
            exchange.Context.RequestAborted = _aborted.Token;
            Ended = Task.Run(async () =>
            {
                await endpoint.HandleAsync(exchange.Context);
                await _pipe.Writer.CompleteAsync();
            });
        }

        internal Task Ended { get; }

        /// <summary>Waits until that has been heard, and forgets all up to it.</summary>
        internal async Task UntilAsync(string text)
        {
            int at;
            while ((at = _heard.ToString().IndexOf(text, StringComparison.Ordinal)) < 0)
            {
                var result = await _pipe.Reader.ReadAsync(SlaveBench.Deadline);
                foreach (var segment in result.Buffer)
                    _heard.Append(Encoding.UTF8.GetString(segment.Span));
                _pipe.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted && result.Buffer.IsEmpty)
                    Assert.Fail($"'{text}' was not heard, but '{_heard}'");
            }

            _heard.Remove(0, at + text.Length);
        }

        public async ValueTask DisposeAsync()
        {
            await _aborted.CancelAsync();
            await _pipe.Reader.CompleteAsync();
            await Ended.WaitAsync(SlaveBench.Deadline);
            _aborted.Dispose();
        }
    }
}
