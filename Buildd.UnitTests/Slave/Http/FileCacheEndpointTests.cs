using System.Text;
using Buildd.Linux.Processes;
using Buildd.Slave.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

/// <summary>Files, the log and the list, and everything that is not served.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class FileCacheEndpointTests : FileCacheEndpointFixture
{
    [Test]
    public async Task A_file_comes_whole()
    {
        File.SetLastWriteTimeUtc(_slave.InCache(_sum), new DateTime(2024, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        var exchange = await AskAsync("GET", _sum);

        Assert.Multiple(() =>
        {
            Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
            Assert.That(exchange.Response.ContentType, Is.EqualTo("text/html"));
            Assert.That(exchange.Response.Headers.ContentSecurityPolicy.ToString(), Is.EqualTo("sandbox; default-src 'none'"));
            Assert.That(exchange.Response.Headers.XContentTypeOptions.ToString(), Is.EqualTo("nosniff"));
            Assert.That(exchange.Response.ContentLength, Is.EqualTo(20));
            Assert.That(exchange.Response.Headers.AcceptRanges.ToString(), Is.EqualTo("bytes"));
            Assert.That(exchange.Response.Headers.LastModified.ToString(), Is.EqualTo("Sat, 03 Feb 2024 04:05:06 GMT"));
            Assert.That(Encoding.UTF8.GetString(exchange.Body), Is.EqualTo(Content));
        });
    }

    [TestCase(null)]
    [TestCase("bytes=0-9")]
    [TestCase("bytes=99-")]
    public async Task HEAD_tells_the_whole_length_and_sends_nothing(string? range)
    {
        var exchange = await AskAsync("HEAD", _sum, range);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(200));
        Assert.That(exchange.Response.ContentLength, Is.EqualTo(20));
        Assert.That(exchange.Body, Is.Empty);
    }

    [Test]
    public async Task The_log_is_served_while_it_grows()
    {
        _slave.Backend.RunUntilAborted(new Buildd.Slave.Builds.BuildOutcome(Buildd.Protocol.Messages.BuildStatus.Ok));
        Assert.That((await AskAsync("GET", "buildlog")).Response.StatusCode, Is.EqualTo(404));
        var context = await _slave.StartAsync();

        context.Log.WriteLine("first");
        Assert.That((await AskAsync("GET", "buildlog")).Body, Is.EqualTo("first\n"u8.ToArray()));
        context.Log.WriteLine("second");
        Assert.That((await AskAsync("GET", "buildlog", "bytes=6-")).Body, Is.EqualTo("second\n"u8.ToArray()));
    }

    [TestCase("/")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("secret")]
    [TestCase("../outside")]
    [TestCase("buildlog.unsanitized")]
    [TestCase("Buildlog")]
    [TestCase("buildlog/")]
    [TestCase("0123456789012345678901234567890123456789.tmp")]
    [TestCase("0123456789012345678901234567890123456789")]
    [TestCase("0123456789012345678901234567890123456789\0")]
    public async Task Whatever_else_lies_there_is_404(string name)
    {
        await File.WriteAllTextAsync(_slave.InCache("secret"), "");
        await File.WriteAllTextAsync(_slave.InCache("buildlog"), "");
        await File.WriteAllTextAsync(_slave.InCache("buildlog.unsanitized"), "");
        await File.WriteAllTextAsync(_slave.InCache("0123456789012345678901234567890123456789.tmp"), "");
        await File.WriteAllTextAsync(_slave.InCache("../outside"), "");

        var exchange = await AskAsync("GET", name);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(404));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Does.Contain("<h1>No Such Resource</h1>"));
    }

    [Test]
    public async Task A_link_in_the_folder_is_not_followed()
    {
        var sum = SlaveBench.Sha1Of("another");
        File.CreateSymbolicLink(_slave.InCache(sum), _slave.InCache(_sum));

        Assert.That((await AskAsync("GET", sum)).Response.StatusCode, Is.EqualTo(404));
    }

    [TestCase("Sat, 03 Feb 2024 04:05:06 GMT", 304)]
    [TestCase("Sat, 03 Feb 2024 04:05:07 GMT", 304)]
    [TestCase("Sat, 03 Feb 2024 04:05:05 GMT", 200)]
    [TestCase("Saturday, 03-Feb-24 04:05:06 GMT", 304)]
    [TestCase("yesterday", 200)]
    [TestCase("", 200)]
    public async Task A_file_that_the_client_has_is_not_sent_again(string since, int status)
    {
        File.SetLastWriteTimeUtc(_slave.InCache(_sum), new DateTime(2024, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc));

        var exchange = await AskAsync("GET", _sum, prepare: request => request.Headers.IfModifiedSince = since);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(status));
        Assert.That(exchange.Response.ContentType, status == 304 ? Is.Null : Is.EqualTo("text/html"));
        Assert.That(exchange.Body, status == 304 ? Is.Empty : Is.Not.Empty);
    }

    [TestCase("POST", 405, "HEAD, GET")]
    [TestCase("PUT", 501, "")]
    [TestCase("DELETE", 501, "")]
    [TestCase("get", 501, "")]
    public async Task A_file_is_for_reading_only(string method, int status, string allow)
    {
        var exchange = await AskAsync(method, _sum);

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(status));
        Assert.That(exchange.Response.Headers.Allow.ToString(), Is.EqualTo(allow));
        Assert.That(File.ReadAllText(_slave.InCache(_sum)), Is.EqualTo(Content));
    }

    [Test]
    public async Task What_a_page_repeats_of_the_request_is_encoded()
    {
        var method = await AskAsync("<b>", _sum);
        var target = await AskAsync("POST", _sum, prepare: request =>
            request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/filecache/x?<script>");

        Assert.That(Encoding.UTF8.GetString(method.Body), Does.Contain("how to treat a &lt;b&gt; request"));
        Assert.That(
            Encoding.UTF8.GetString(target.Body),
            Does.Contain("(at /filecache/x?&lt;script&gt;) with the method \"POST\".  I only allow the methods HEAD, GET here."));
    }

    [TestCase("/filecache", "", "/filecache/")]
    [TestCase("/filecache", "?a=b", "/filecache/?a=b")]
    [TestCase("/filecache", "?\"><script>", "/filecache/?\"><script>")]
    public async Task The_folder_without_its_slash_is_redirected(string path, string query, string location)
    {
        var exchange = await AskAsync("GET", "", prepare: request => (request.Path, request.QueryString) = (path, new(query)));

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(302));
        Assert.That(exchange.Response.Headers.Location.ToString(), Is.EqualTo(location));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Does.Not.Contain("<script>"));
    }

    [TestCase("GET", 404)]
    [TestCase("HEAD", 404)]
    [TestCase("POST", 404)]
    public async Task The_folder_is_not_listed_unless_it_is_wanted(string method, int status)
    {
        var exchange = await AskAsync(method, "", prepare: request => request.Path = "/filecache/");

        Assert.That(exchange.Response.StatusCode, Is.EqualTo(status));
        Assert.That(Encoding.UTF8.GetString(exchange.Body), Does.Not.Contain(_sum));
    }

    [Test]
    public async Task The_list_has_what_is_served_and_nothing_else()
    {
        _slave.Options.Endpoints = new EndpointOptions { FileListing = true };
        var another = _slave.Add("another");
        await File.WriteAllTextAsync(_slave.InCache("buildlog"), "log\n");
        await File.WriteAllTextAsync(_slave.InCache("buildlog.unsanitized"), "secret");
        await File.WriteAllTextAsync(_slave.InCache("a b&<c>.html"), "");
        await File.WriteAllTextAsync(_slave.InCache(_sum + ".tmp"), "");
        Directory.CreateDirectory(_slave.InCache(SlaveBench.Sha1Of("a folder")));
        File.CreateSymbolicLink(_slave.InCache(SlaveBench.Sha1Of("a link")), _slave.InCache(_sum));

        var list = await AskAsync("GET", "", prepare: request => request.Path = "/filecache/");
        var rows = Encoding.UTF8.GetString(list.Body).Split('\n').Where(line => line.StartsWith("<tr><td>", StringComparison.Ordinal));
        var head = await AskAsync("HEAD", "", prepare: request => request.Path = "/filecache/");

        Assert.That(list.Response.ContentType, Is.EqualTo("text/html; charset=utf-8"));
        Assert.That(rows, Is.EquivalentTo(new[] { (_sum, 20), (another, 7), ("buildlog", 4) }.Select(
            row => $"<tr><td><a href=\"{row.Item1}\">{row.Item1}</a></td><td>{row.Item2}</td></tr>")));
        Assert.That((head.Response.StatusCode, head.Body.Length), Is.EqualTo((200, 0)));
        Assert.That((await AskAsync("POST", "", prepare: request => request.Path = "/filecache/")).Response.StatusCode, Is.EqualTo(405));
    }

    [Test]
    public async Task What_is_no_file_is_not_opened_nor_waited_for()
    {
        var (pipe, folder, socket) = (SlaveBench.Sha1Of("a pipe"), SlaveBench.Sha1Of("a folder"), SlaveBench.Sha1Of("a socket"));
        await ProcessRunner.CaptureAsync(Command.Of("mkfifo", _slave.InCache(pipe)));
        Directory.CreateDirectory(_slave.InCache(folder));
        using var listener = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_slave.InCache(socket)));

        foreach (var name in (string[])[pipe, folder, socket])
            Assert.That((await AskAsync("GET", name).WaitAsync(SlaveBench.Deadline)).Response.StatusCode, Is.EqualTo(404));
    }

    [Test]
    public async Task A_name_that_turns_into_a_link_is_never_followed()
    {
        const int Opens = 2000;
        var (path, other) = (_slave.InCache(_sum), _slave.InCache("other"));
        await File.WriteAllTextAsync(_slave.InCache("secret"), "secret");
        using var enough = new CancellationTokenSource();
        var swapping = Task.Run(() =>
        {
            var isLink = false;
            while (!enough.IsCancellationRequested)
            {
                isLink = !isLink;
                if (isLink)
                    File.CreateSymbolicLink(other, _slave.InCache("secret"));
                else
                    File.WriteAllText(other, Content);
                File.Move(other, path, overwrite: true);
            }
        });

        var lengths = new HashSet<long?>();
        for (var i = 0; i < Opens || lengths.Count < 2; i++)
        {
            using var file = ServedFile.Open(path);
            lengths.Add(file?.Length);
            SlaveBench.Deadline.ThrowIfCancellationRequested();
        }

        await enough.CancelAsync();
        await swapping;
        Assert.That(lengths, Is.EquivalentTo(new long?[] { null, Content.Length }));
    }

    [Test]
    public async Task A_file_is_served_to_its_end_though_its_name_is_gone()
    {
        using var file = ServedFile.Open(_slave.InCache(_sum))!;
        File.Delete(_slave.InCache(_sum));
        File.CreateSymbolicLink(_slave.InCache(_sum), "/etc/passwd");
        var output = new System.IO.Pipelines.Pipe();

        Assert.That(await file.CopyToAsync(output.Writer, new FilePart(0, file.Length), SlaveBench.Deadline), Is.True);

        Assert.That(output.Reader.TryRead(out var read), Is.True);
        Assert.That(Encoding.UTF8.GetString(read.Buffer), Is.EqualTo(Content));
    }

    [Test]
    public async Task A_file_that_has_become_shorter_ends_the_connection()
    {
        var lifetime = new Lifetime();

        var exchange = await AskAsync("GET", _sum, prepare: request =>
        {
            request.HttpContext.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
            request.HttpContext.Features.Set<IHttpResponseBodyFeature>(
                new StartingBody(request.HttpContext.Response.Body, () => File.WriteAllText(_slave.InCache(_sum), "short")));
        });

        Assert.That(exchange.Response.ContentLength, Is.EqualTo(20));
        Assert.That(lifetime.IsAborted, Is.True);
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        internal bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    /// <summary>Tells when the head of an answer is sent.</summary>
    private sealed class StartingBody(Stream stream, Action started) : StreamResponseBodyFeature(stream)
    {
        public override Task StartAsync(CancellationToken cancellationToken = default)
        {
            started();
            return base.StartAsync(cancellationToken);
        }
    }
}
