using Microsoft.AspNetCore.Http;

namespace Buildd.UnitTests.Slave.Http;

/// <summary>A request and its answer without a server.</summary>
internal sealed class HttpExchange
{
    internal HttpExchange(string method, byte[]? body = null)
    {
        Context.Request.Method = method;
        Context.Request.Body = new MemoryStream(body ?? []);
        Response.Body = new MemoryStream();
    }

    internal DefaultHttpContext Context { get; } = new();

    internal HttpResponse Response => Context.Response;

    internal byte[] Body => ((MemoryStream)Response.Body).ToArray();
}
