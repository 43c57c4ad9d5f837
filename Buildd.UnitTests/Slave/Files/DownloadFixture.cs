using Buildd.Protocol.Messages;
using Buildd.UnitTests.Testing;

namespace Buildd.UnitTests.Slave.Files;

/// <summary>A slave that fetches a file from a server whose answers are the test's.</summary>
public abstract class DownloadFixture : IAsyncDisposable
{
    private protected const string Url = "http://files.test/a";
    private protected const string Content = "the content of a file";

    private protected static readonly string Sum = SlaveBench.Sha1Of(Content);
    private protected static readonly EnsurePresentReply Fetched = new(true, "Download");

    private protected readonly ManualTimeProvider _clock = new();
    private protected readonly SlaveBench _slave;

    private protected DownloadFixture() => _slave = new SlaveBench(_clock);

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    private protected Task<EnsurePresentReply> AskAsync() => _slave.Cache.EnsurePresentAsync(
        new EnsurePresentCall { Sha1 = Sum, Url = Url, UserName = "user", Password = "secret" }, SlaveBench.Deadline,
        CancellationToken.None);

    private protected void AnswerWith(Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        _slave.Web.Answer = (request, _) => Task.FromResult(answer(request));

    private protected static HttpResponseMessage Whole() => new() { Content = new StringContent(Content) };
}
