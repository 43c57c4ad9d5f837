using System.Net;

namespace Buildd.UnitTests.Testing;

/// <summary>A web server that is a function: no socket, no network.</summary>
internal sealed class ScriptedHttp : HttpMessageHandler
{
    private readonly List<HttpRequestMessage> _requests = [];

    /// <summary>Answers a request; until a test says otherwise, none is expected.</summary>
    internal Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> Answer { get; set; } =
        (request, _) => throw new InvalidOperationException($"nobody expected a request for {request.RequestUri}");

    internal IReadOnlyList<HttpRequestMessage> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    internal void AnswerWith(HttpStatusCode status, byte[] body) =>
        Answer = (_, _) => Task.FromResult(new HttpResponseMessage(status) { Content = new ByteArrayContent(body) });

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_requests)
            _requests.Add(request);
        return Answer(request, cancellationToken);
    }
}
