using Buildd.Slave.Http;
using Microsoft.AspNetCore.Http;

namespace Buildd.UnitTests.Slave.Http;

/// <summary>A slave with one file in its cache.</summary>
public abstract class FileCacheEndpointFixture : IAsyncDisposable
{
    private protected const string Content = "0123456789ABCDEFGHIJ";

    private protected readonly SlaveBench _slave = new();
    private protected readonly string _sum;

    private protected FileCacheEndpointFixture() => _sum = _slave.Add(Content);

    public ValueTask DisposeAsync() => _slave.DisposeAsync();

    private protected async Task<HttpExchange> AskAsync(
        string method, string name, string? range = null, Action<HttpRequest>? prepare = null)
    {
        var exchange = new HttpExchange(method);
        exchange.Context.Request.RouteValues["name"] = name;
        if (range is not null)
            exchange.Context.Request.Headers.Range = range;
        prepare?.Invoke(exchange.Context.Request);
        await new FileCacheEndpoint(_slave.Options, _slave.Meters).HandleAsync(exchange.Context);
        return exchange;
    }
}
