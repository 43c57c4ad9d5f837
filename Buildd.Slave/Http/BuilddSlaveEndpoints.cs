using Buildd.Protocol.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Buildd.Slave.Http;

/// <summary>Puts a slave's endpoints into an ASP.NET Core program.</summary>
public static class BuilddSlaveEndpoints
{
    /// <summary>Maps <c>/rpc</c> with all below it, <c>/filecache/NAME</c>, and what <see cref="EndpointOptions"/> has on. <see cref="BuilddSlaveServices.AddBuilddSlave(IServiceCollection, SlaveOptions)"/> comes first.</summary>
    public static IEndpointRouteBuilder MapBuilddSlave(this IEndpointRouteBuilder endpoints)
    {
        var rpc = endpoints.ServiceProvider.GetRequiredService<RpcEndpoint>();
        var files = endpoints.ServiceProvider.GetRequiredService<FileCacheEndpoint>();
        endpoints.MapMethods($"/{WireNames.RpcPath}/{{**below}}", [HttpMethods.Post], rpc.HandleAsync);
        endpoints.MapMethods($"/{WireNames.FileCachePath}/{{name}}", [HttpMethods.Get, HttpMethods.Head], files.HandleAsync);
        if (endpoints.ServiceProvider.GetRequiredService<SlaveOptions>().Endpoints.LogStream)
        {
            var log = endpoints.ServiceProvider.GetRequiredService<LogStreamEndpoint>();
            endpoints.MapMethods(LogStreamEndpoint.Path, [HttpMethods.Get], log.HandleAsync);
        }

        return endpoints;
    }
}
