using System.Net;

namespace Buildd.UnitTests.Protocol.Client;

/// <summary>A server for one test: each request is answered by the next step of a script, and written down.</summary>
internal sealed class ScriptedHandler : HttpMessageHandler
{
    private readonly Queue<Func<CancellationToken, Task<HttpResponseMessage>>> _script = new();
    private readonly List<Request> _requests = [];
    private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was asked so far.</summary>
    public IReadOnlyList<Request> Requests => _requests;

    /// <summary>Completed when a step waits that never ends by itself.</summary>
    public Task Waiting => _waiting.Task;

    /// <summary>The next request is answered with this body.</summary>
    public ScriptedHandler Answer(byte[] body, HttpStatusCode status = HttpStatusCode.OK) =>
        Answer(new ByteArrayContent(body), status);

    /// <summary>The next request is answered with this content.</summary>
    public ScriptedHandler Answer(HttpContent content, HttpStatusCode status = HttpStatusCode.OK)
    {
        _script.Enqueue(_ => Task.FromResult(new HttpResponseMessage(status) { Content = content }));
        return this;
    }

    /// <summary>The next request fails.</summary>
    public ScriptedHandler Fail(Exception exception)
    {
        _script.Enqueue(_ => Task.FromException<HttpResponseMessage>(exception));
        return this;
    }

    /// <summary>The next request is never answered.</summary>
    public ScriptedHandler Hang()
    {
        _script.Enqueue(async token =>
        {
            _waiting.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            throw new InvalidOperationException();
        });
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        _requests.Add(new Request(
            $"{request.Method} {request.RequestUri!.AbsoluteUri}",
            request.Content?.Headers.ContentType?.ToString(),
            request.Content?.Headers.ContentLength,
            request.Headers.Authorization?.ToString(),
            request.Headers.Range?.ToString(),
            body));
        return await _script.Dequeue()(cancellationToken);
    }

    /// <summary>A request as it arrived.</summary>
    internal sealed record Request(
        string Line, string? ContentType, long? ContentLength, string? Authorization, string? Range, byte[] Body);
}
