using Buildd.Slave.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using NUnit.Framework;

namespace Buildd.UnitTests.Slave.Http;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LogStreamMappingTests
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task The_stream_is_there_unless_it_is_switched_off(bool isOn)
    {
        await using var slave = new SlaveBench();
        await slave.Builder.DisposeAsync(); // which holds the work folder
        slave.Options.Backends.Add(slave.Backend);
        slave.Options.Endpoints.LogStream = isOn;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions());
        builder.Services.AddBuilddSlave(slave.Options);
        await using var application = builder.Build();

        application.MapBuilddSlave();

        Assert.That(
            ((IEndpointRouteBuilder)application).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
                .Select(route => route.RoutePattern.RawText),
            isOn ? Has.One.EqualTo("/log/stream") : Has.None.EqualTo("/log/stream").And.Not.Empty);
    }
}
