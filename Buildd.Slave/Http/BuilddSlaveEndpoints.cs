using Buildd.Protocol.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Buildd.Slave.Http;

/// <summary>Puts a slave's endpoints into an ASP.NET Core program.</summary>
public static class BuilddSlaveEndpoints
{
    /// <summary>
    /// Maps <c>/rpc</c> and <c>/filecache</c> with all below them, for every method: a wrong one is answered as the reference
    /// answers it. Beside them what <see cref="EndpointOptions"/> has on, unless the program has its own.
    /// <see cref="BuilddSlaveServices.AddBuilddSlave(IServiceCollection, SlaveOptions)"/> comes first.
    /// </summary>
    public static IEndpointRouteBuilder MapBuilddSlave(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var rpc = endpoints.ServiceProvider.GetRequiredService<RpcEndpoint>();
        var files = endpoints.ServiceProvider.GetRequiredService<FileCacheEndpoint>();
        endpoints.Map(Below(WireNames.RpcPath), RequestGuard.Before(rpc.HandleAsync));
        endpoints.Map(Below(WireNames.FileCachePath), RequestGuard.Before(files.HandleAsync));
        // After all else: a program that has a slave in it may have figures and a state of health of its own.
        var options = endpoints.ServiceProvider.GetRequiredService<SlaveOptions>().Endpoints;
        if (options.LogStream)
        {
            var log = endpoints.ServiceProvider.GetRequiredService<LogStreamEndpoint>();
            endpoints.MapMethods(LogStreamEndpoint.Path, [HttpMethods.Get], RequestGuard.Before(log.HandleAsync)).WithOrder(int.MaxValue);
        }

        if (options.Metrics)
            MapBeside("/metrics", endpoints.ServiceProvider.GetRequiredService<MetricsEndpoint>().HandleAsync);
        if (options.Health)
            MapBeside("/healthz", endpoints.ServiceProvider.GetRequiredService<HealthEndpoint>().HandleAsync);
        return endpoints;

        void MapBeside(string path, RequestDelegate handle) =>
            endpoints.Map(path, RequestGuard.Before(handle)).WithOrder(int.MaxValue);
    }

    /// <summary>
    /// Answers what no endpoint takes as the reference does: 404 with a page, and 200 to <c>OPTIONS *</c>. For a program that
    /// is a slave and nothing else.
    /// </summary>
    public static Task AnswerUnknownAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        const string Files = $"/{WireNames.FileCachePath}/";
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target == "*" && http.Request.Method == HttpMethods.Options)
        {
            http.Response.ContentLength = 0;
            return Task.CompletedTask;
        }

        // The server has resolved dot segments; where the client looked for a file it is told of a file all the same.
        return target.StartsWith(Files, StringComparison.Ordinal)
            ? Pages.NoSuchFileAsync(http)
            : Pages.NoSuchResourceAsync(http);
    }

    /// <summary>A folder with all below it. Routing would take the folder's name in capitals too; the reference does not.</summary>
    private static RoutePattern Below(string folder) => RoutePatternFactory.Parse(
        $"/{{{folder}}}/{{**{FileCacheEndpoint.NameKey}}}", defaults: null, new RouteValueDictionary { [folder] = new Exactly(folder) });

    private sealed class Exactly(string text) : IRouteConstraint
    {
        public bool Match(
            HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
            values[routeKey] is string value && value == text;
    }
}
