using System.Net;
using Buildd.Backends.BinaryPackage;
using Buildd.Daemon;
using Buildd.Daemon.Configuration;
using Buildd.Daemon.Logging;
using Buildd.Slave;
using Buildd.Slave.Http;
using Buildd.Slave.Lifecycle;
using Buildd.Testing.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Daemon;

/// <summary>How the slave is put together. Nothing here listens.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SlaveApplicationTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly WebApplication _application;

    public SlaveApplicationTests() => _application = SlaveApplication.Create(new DaemonConfiguration
    {
        Slave = new SlaveOptions
        {
            ArchitectureTag = "amd64",
            FileCacheDirectory = _folder.Path,
            WorkDirectory = _folder.Path,
            Backends = [new BinaryPackageBackend(new BinaryPackageOptions())],
        },
        BindAddress = IPAddress.Loopback,
        BindPort = 0,
    });

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public void No_folder_is_watched_for_settings()
    {
        var files = ((IConfigurationRoot)_application.Configuration).Providers.OfType<FileConfigurationProvider>();

        Assert.That(files.Where(provider => provider.Source.ReloadOnChange), Is.Empty);
        Assert.That(_application.Environment.ContentRootPath, Is.EqualTo(AppContext.BaseDirectory));
    }

    [Test]
    public void It_builds_with_the_backends_it_is_given() =>
        Assert.That(_application.Services.GetRequiredService<Builder>().Tags, Is.EqualTo(new[] { "binarypackage" }));

    [Test]
    public void The_host_waits_for_a_build_to_be_taken_down() =>
        Assert.That(
            _application.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout,
            Is.GreaterThan(_application.Services.GetRequiredService<SlaveOptions>().StopDeadline));

    /// <summary>A minute is too long to wait for in a test; the sizes are tried over a socket.</summary>
    [Test]
    public void A_silent_connection_is_kept_for_as_long_as_the_reference_keeps_it()
    {
        var limits = _application.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.That(
            (limits.KeepAliveTimeout, limits.RequestHeadersTimeout), Is.EqualTo((TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60))));
    }

    [Test]
    public void Calls_and_files_have_their_paths() =>
        Assert.That(
            Paths(_application),
            Is.EquivalentTo(new[] { "/{rpc}/{**name}", "/{filecache}/{**name}", "/log/stream", "/metrics", "/healthz" }));

    [Test]
    public async Task What_is_switched_off_is_not_there()
    {
        await using var application = Another(
            slave => slave with { Endpoints = new EndpointOptions { LogStream = false, Metrics = false, Health = false } });

        Assert.That(Paths(application), Has.None.EqualTo("/metrics").And.None.EqualTo("/healthz").And.None.EqualTo("/log/stream"));
    }

    [Test]
    public async Task Under_systemd_the_host_notifies_and_the_log_stays_as_it_is()
    {
        var systemd = Substitute.For<ISystemdNotifier>();
        systemd.IsEnabled.Returns(true);
        await using var application = Another(slave => slave, systemd);

        Assert.That(application.Services.GetRequiredService<IHostLifetime>(), Is.InstanceOf<SystemdLifetime>());
        application.Services.GetRequiredService<ISystemdNotifier>().Notify(ServiceState.Ready);
        systemd.Received(1).Notify(Arg.Is<ServiceState>(state => state.ToString() == "READY=1"));
        Assert.That(application.Services.GetServices<ILoggerProvider>().Single(), Is.InstanceOf<DaemonLog>());
    }

    [Test]
    public async Task Without_systemd_the_host_ends_at_a_terminals_signals_too()
    {
        var systemd = Substitute.For<ISystemdNotifier>();
        await using var application = Another(slave => slave, systemd);

        Assert.That(application.Services.GetRequiredService<IHostLifetime>(), Is.Not.InstanceOf<SystemdLifetime>());
        Assert.That(_application.Services.GetRequiredService<IHostLifetime>(), Is.Not.InstanceOf<SystemdLifetime>());
    }

    private WebApplication Another(Func<SlaveOptions, SlaveOptions> change, ISystemdNotifier? systemd = null) => SlaveApplication.Create(
        new DaemonConfiguration
        {
            Slave = change(_application.Services.GetRequiredService<SlaveOptions>()) with
            {
                FileCacheDirectory = Directory.CreateDirectory(_folder["other cache"]).FullName,
                WorkDirectory = Directory.CreateDirectory(_folder["other"]).FullName,
            },
            BindAddress = IPAddress.Loopback,
            BindPort = 0,
        },
        systemd: systemd);

    private static IEnumerable<string?> Paths(IEndpointRouteBuilder application) =>
        application.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => endpoint.RoutePattern.RawText);
}
