using System.Net;
using System.Net.Sockets;
using System.Text;
using Buildd.Linux.Processes;
using Buildd.Protocol;
using Buildd.Protocol.Messages;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>The table of <c>ensurepresent</c>, row by row, and what the download sends and leaves.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class EnsurePresentTests : IAsyncDisposable
{
    private const string Mismatch = "Digests did not match, removing again!";

    private static readonly string Sum = SlaveBench.Sha1Of("content");

    private readonly SlaveBench _slave = new();

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    [Test]
    public async Task Without_a_URL_the_answer_is_whether_it_is_there()
    {
        Assert.That(await AskAsync(Call(url: null)), Is.EqualTo(new EnsurePresentReply(false, "No URL")));
        _slave.Add("content");
        Assert.That(await AskAsync(Call(url: null)), Is.EqualTo(new EnsurePresentReply(true, "No URL")));
        Assert.That(_slave.Web.Requests, Is.Empty);
    }

    [TestCase("http://files.test/1")]
    [TestCase("")]
    [TestCase("nonsense:")]
    public async Task What_is_there_is_not_asked_for(string url)
    {
        _slave.Add("content");

        Assert.That(await AskAsync(Call(url)), Is.EqualTo(new EnsurePresentReply(true, "Cache")));
        Assert.That(_slave.Web.Requests, Is.Empty);
    }

    [Test]
    public async Task What_is_there_is_not_verified_again()
    {
        await File.WriteAllTextAsync(_slave.InCache(Sum), "rotten");

        Assert.That(await AskAsync(Call()), Is.EqualTo(new EnsurePresentReply(true, "Cache")));
    }

    [Test]
    public async Task A_file_with_the_right_sum_is_kept()
    {
        AnswerWith("content");

        Assert.That(await AskAsync(Call()), Is.EqualTo(new EnsurePresentReply(true, "Download")));
        Assert.That(await File.ReadAllTextAsync(_slave.InCache(Sum)), Is.EqualTo("content"));
        Assert.That(Entries(), Is.EqualTo(new[] { Sum }));
        Assert.That(await AskAsync(Call()), Is.EqualTo(new EnsurePresentReply(true, "Cache")));
    }

    [Test]
    public async Task A_file_larger_than_the_buffer_is_kept_whole()
    {
        var content = new string('x', 700_000);
        AnswerWith(content);

        Assert.That(
            await AskAsync(Call() with { Sha1 = SlaveBench.Sha1Of(content) }), Is.EqualTo(new EnsurePresentReply(true, "Download")));
        Assert.That(new FileInfo(_slave.InCache(SlaveBench.Sha1Of(content))).Length, Is.EqualTo(700_000));
    }

    [TestCase("other content")]
    [TestCase("conten")]
    [TestCase("")]
    public async Task A_file_with_another_sum_is_not(string content)
    {
        AnswerWith(content);

        Assert.That(await AskAsync(Call()), Is.EqualTo(new EnsurePresentReply(false, Mismatch)));
        Assert.That(Entries(), Is.Empty);
    }

    [Test]
    public async Task A_body_that_breaks_off_is_a_wrong_sum()
    {
        AnswerWith(() => new BrokenStream(new HttpIOException(HttpRequestError.ResponseEnded)));

        Assert.That(await AskAsync(Call()), Is.EqualTo(new EnsurePresentReply(false, Mismatch)));
        Assert.That(Entries(), Is.Empty);
    }

    [Test]
    public async Task A_connection_that_is_reset_is_told_and_leaves_nothing()
    {
        AnswerWith(() => new BrokenStream(new IOException("reset")));

        Assert.That(
            await AskAsync(Call()),
            Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: <urlopen error [Errno 104] Connection reset by peer>")));
        Assert.That(Entries(), Is.Empty);

        AnswerWith("content");
        Assert.That((await AskAsync(Call())).Present, "the next attempt is a new one");
    }

    [Test]
    public async Task A_server_that_has_gone_in_the_moment_of_connecting_is_told()
    {
        _slave.Web.Answer = (_, _) => Task.FromException<HttpResponseMessage>(new SocketException((int)SocketError.NotConnected));

        Assert.That(
            await AskAsync(Call()),
            Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: <urlopen error [Errno 104] Connection reset by peer>")));
        Assert.That(Entries(), Is.Empty);
    }

    [Test]
    public async Task A_place_that_can_not_be_written_is_told()
    {
        Directory.CreateDirectory(_slave.InCache(Sum));
        AnswerWith("content");

        var reply = await AskAsync(Call());

        Assert.That(reply.Present, Is.False);
        Assert.That(reply.Info, Does.StartWith("the file could not be put into the cache: ").And.Contain(Sum));
        Assert.That(Entries(), Is.EqualTo(new[] { Sum }), "the folder stays, the file does not");
    }

    [Test]
    public async Task A_cache_that_is_gone_is_told()
    {
        Directory.Delete(_slave.Options.FileCacheDirectory);
        AnswerWith("content");

        var reply = await AskAsync(Call());

        Assert.That(reply.Present, Is.False);
        Assert.That(reply.Info, Does.Contain(_slave.Options.FileCacheDirectory));
        Directory.CreateDirectory(_slave.Options.FileCacheDirectory);
        Assert.That((await AskAsync(Call())).Present);
    }

    [TestCase("link")]
    [TestCase("folder")]
    [TestCase("pipe")]
    public async Task What_is_no_ordinary_file_is_not_there(string kind)
    {
        var outside = _slave.InCache("outside");
        await File.WriteAllTextAsync(outside, "content");
        await PlantAsync(kind, _slave.InCache(Sum), outside);

        Assert.That(_slave.Cache.Find(Sha1.Parse(Sum)), Is.Null);
        Assert.That((await AskAsync(Call(url: null))).Present, Is.False);
    }

    [TestCase("link")]
    [TestCase("pipe")]
    public async Task What_is_no_ordinary_file_is_replaced_by_a_download_and_never_written_to(string kind)
    {
        var outside = _slave.InCache("outside");
        await File.WriteAllTextAsync(outside, "secret");
        await PlantAsync(kind, _slave.InCache(Sum), outside);
        await PlantAsync(kind, _slave.InCache(Sum + ".tmp"), outside);
        AnswerWith("content");

        Assert.That(await AskAsync(Call()), Is.EqualTo(new EnsurePresentReply(true, "Download")));
        Assert.That(new FileInfo(_slave.InCache(Sum)), Has.Property(nameof(FileInfo.LinkTarget)).Null.And.Length.EqualTo(7));
        Assert.That(await File.ReadAllTextAsync(outside), Is.EqualTo("secret"));
        Assert.That(Entries(), Is.EquivalentTo(new[] { Sum, "outside" }));
    }

    [TestCase(HttpStatusCode.NotFound, "HTTP Error 404: Not Found")]
    [TestCase(HttpStatusCode.Unauthorized, "HTTP Error 401: Unauthorized")]
    public async Task A_server_that_refuses_is_told(HttpStatusCode status, string text)
    {
        _slave.Web.AnswerWith(status, "content"u8.ToArray());

        Assert.That(await AskAsync(Call()), Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: " + text)));
        Assert.That(Entries(), Is.Empty);
    }

    [Test]
    public async Task A_server_that_has_no_address_is_told()
    {
        _slave.Web.Answer = (_, _) => throw new HttpRequestException("no", new SocketException((int)SocketError.HostNotFound));

        Assert.That(
            await AskAsync(Call()),
            Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: <urlopen error [Errno -2] Name or service not known>")));
    }

    [TestCase("", "unknown url type: ''")]
    [TestCase("files.test/1", "unknown url type: 'files.test/1'")]
    [TestCase("/etc/passwd", "unknown url type: '/etc/passwd'")]
    [TestCase("//user:secret@files.test/1", "unknown url type: '…'")]
    [TestCase("ftp://files.test/1", "<urlopen error unknown url type: ftp>")]
    [TestCase("file:///etc/passwd", "<urlopen error unknown url type: file>")]
    [TestCase("data:text/plain,content", "<urlopen error unknown url type: data>")]
    [TestCase("http://", "<urlopen error the URL is malformed>")]
    [TestCase("http:///x", "<urlopen error the URL is malformed>")]
    [TestCase("http://[x", "<urlopen error the URL is malformed>")]
    [TestCase(
        "http://user:secret@files.test/1", "<urlopen error credentials are not taken from the URL: pass them as user name and password>")]
    public async Task Only_http_and_https_are_fetched(string url, string text)
    {
        Assert.That(await AskAsync(Call(url)), Is.EqualTo(new EnsurePresentReply(false, "Error accessing Librarian: " + text)));
        Assert.That(_slave.Web.Requests, Is.Empty);
    }

    [TestCase("../x")]
    [TestCase("/etc/passwd")]
    [TestCase("buildlog")]
    [TestCase("")]
    [TestCase("012345678901234567890123456789012345678")]
    [TestCase("01234567890123456789012345678901234567890")]
    [TestCase("012345678901234567890123456789012345678g")]
    [TestCase("0123456789012345678901234567890123456789.tmp")]
    [TestCase("../0123456789012345678901234567890123456")]
    public async Task What_is_no_sum_is_never_looked_up(string sum)
    {
        await File.WriteAllTextAsync(_slave.LogPath, "");
        var call = Call() with { Sha1 = sum };

        Assert.That((await AskAsync(call)).Present, Is.False);
        Assert.That((await AskAsync(call with { Url = null })).Present, Is.False);
        Assert.That(Sha1.TryParse(sum, out _), Is.False);
        Assert.That(_slave.Web.Requests, Is.Empty);
        Assert.That(Entries(), Is.EqualTo(new[] { "buildlog" }));
    }

    [Test]
    public async Task A_sum_in_upper_case_never_matches()
    {
        AnswerWith("content");

        Assert.That(await AskAsync(Call() with { Sha1 = Sum.ToUpperInvariant() }), Is.EqualTo(new EnsurePresentReply(false, Mismatch)));
        Assert.That(Entries(), Is.Empty);
    }

    [TestCase("", "", null)]
    [TestCase("user", "secret", "user:secret")]
    [TestCase("", "macaroon", ":macaroon")]
    [TestCase("user", "", "user:")]
    [TestCase("üser", "a:b@c", "üser:a:b@c")]
    public async Task Credentials_go_out_with_the_first_request(string user, string password, string? sent)
    {
        AnswerWith("content");

        await AskAsync(Call() with { UserName = user, Password = password });

        var request = _slave.Web.Requests.Single();
        Assert.That(request.Method, Is.EqualTo(HttpMethod.Get));
        Assert.That(request.Headers.AcceptEncoding.ToString(), Is.EqualTo("identity"));
        Assert.That(
            request.Headers.Authorization?.ToString(),
            Is.EqualTo(sent is null ? null : "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(sent))));
    }

    [Test]
    public async Task Identical_downloads_at_the_same_time_are_one()
    {
        var release = HoldUp();

        var first = AskAsync(Call());
        var others = Enumerable.Range(0, 5).Select(i => AskAsync(Call($"http://files.test/{i}"))).ToList();
        release.SetResult();

        Assert.That(await Task.WhenAll([first, .. others]), Is.All.EqualTo(new EnsurePresentReply(true, "Download")));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_caller_that_goes_away_does_not_end_the_download_of_others()
    {
        var release = HoldUp();
        using var gone = new CancellationTokenSource();
        var first = _slave.Cache.EnsurePresentAsync(Call(), gone.Token, CancellationToken.None);
        var second = AskAsync(Call());

        await gone.CancelAsync();

        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());
        release.SetResult();
        Assert.That(await second, Is.EqualTo(new EnsurePresentReply(true, "Download")));
    }

    [Test]
    public async Task A_slave_that_stops_ends_the_download()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Web.Answer = async (_, token) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, token);
            throw new InvalidOperationException("never");
        };
        using var stopping = new CancellationTokenSource();
        var download = _slave.Cache.EnsurePresentAsync(Call(), CancellationToken.None, stopping.Token);
        await asked.Task.WaitAsync(SlaveBench.Deadline);

        await stopping.CancelAsync();

        Assert.That(async () => await download.WaitAsync(SlaveBench.Deadline), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Entries(), Is.Empty);
    }

    [Test]
    public async Task Who_waits_for_another_s_download_that_fails_has_its_own_made()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Web.Answer = async (request, _) =>
        {
            await release.Task;
            return request.Headers.Authorization is null
                ? new HttpResponseMessage(HttpStatusCode.Unauthorized)
                : new HttpResponseMessage { Content = new StringContent("content") };
        };

        var without = AskAsync(Call());
        var again = AskAsync(Call());
        var with = AskAsync(Call() with { UserName = "user", Password = "secret" });
        release.SetResult();

        Assert.That(await with, Is.EqualTo(new EnsurePresentReply(true, "Download")));
        Assert.That((await without).Info, Does.EndWith("401: Unauthorized"));
        Assert.That((await again).Info, Does.EndWith("401: Unauthorized"));
        Assert.That(_slave.Web.Requests, Has.Count.EqualTo(2), "who asked for the same has the same answer");
    }

    [Test]
    public async Task Half_a_file_never_has_a_sum_for_a_name()
    {
        var body = new HeldStream("con", "tent");
        AnswerWith(() => body);
        var asking = AskAsync(Call());
        await body.WasRead.WaitAsync(SlaveBench.Deadline);

        Assert.That(_slave.Cache.Find(Sha1.Parse(Sum)), Is.Null);
        Assert.That(Entries(), Is.EqualTo(new[] { Sum + ".tmp" }));

        body.LetGo();
        Assert.That((await asking).Present);
    }

    private static async Task PlantAsync(string kind, string path, string target)
    {
        switch (kind)
        {
            case "link":
                File.CreateSymbolicLink(path, target);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "pipe":
                await ProcessRunner.CaptureAsync(Command.Of("mkfifo", path));
                break;
        }
    }

    private static EnsurePresentCall Call(string? url = "http://files.test/1") => new() { Sha1 = Sum, Url = url };

    private Task<EnsurePresentReply> AskAsync(EnsurePresentCall call) =>
        _slave.Cache.EnsurePresentAsync(call, SlaveBench.Deadline, CancellationToken.None);

    private IEnumerable<string?> Entries() =>
        Directory.GetFileSystemEntries(_slave.Options.FileCacheDirectory).Select(Path.GetFileName);

    private void AnswerWith(string content) => _slave.Web.AnswerWith(HttpStatusCode.OK, Encoding.UTF8.GetBytes(content));

    private void AnswerWith(Func<Stream> body) =>
        _slave.Web.Answer = (_, _) => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(body()) });

    /// <summary>The server answers with the content once the source that is returned is set.</summary>
    private TaskCompletionSource HoldUp()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _slave.Web.Answer = async (_, _) =>
        {
            await release.Task;
            return new HttpResponseMessage { Content = new StringContent("content") };
        };
        return release;
    }
}
