using Buildd.Master;
using Buildd.Master.Builders;
using Buildd.Master.Builds;
using Buildd.Master.Inputs;
using Buildd.Master.Notification;
using Buildd.Master.Results;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NSubstitute;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

/// <summary>A master in a host: slaves find what the host serves as long as it hands out builds.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class BuildMasterServicesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly List<string> _happened = [];

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task It_begins_when_all_else_has_started_and_ends_before_anything_is_stopped()
    {
        using var host = MakeHost();

        await host.StartAsync();
        await UntilAsync("the master runs");
        await host.StopAsync();

        Assert.That(
            _happened, Is.EqualTo(
                new[]
                {
                    "before it starts",
                    "after it starts",
                    "the master runs",
                    "the master ends",
                    "after it stops",
                    "before it stops",
                }));
    }

    [Test]
    public async Task It_is_not_ready_before_the_queue_is_read()
    {
        using var host = MakeHost();
        var master = host.Services.GetRequiredService<BuildMaster>();
        await host.StartAsync();
        await UntilAsync("the master runs");

        Assert.That(master.Loaded.IsCompleted, Is.False);

        await host.StopAsync();
        Assert.That(master.Loaded.IsCompleted, Is.False);
    }

    [Test]
    public void When_it_fails_the_host_stops_and_says_why()
    {
        using var host = MakeHost(new InvalidOperationException("the store is gone"));

        Assert.That(async () => await host.RunAsync(), Throws.InvalidOperationException.With.Message.EqualTo("the store is gone"));

        Assert.That(_happened, Is.SupersetOf(new[] { "after it stops", "before it stops" }));
    }

    private IHost MakeHost(Exception? failure = null)
    {
        var queue = Substitute.For<IQueuedBuilds>();
        queue.ReadQueueAsync(Arg.Any<CancellationToken>()).Returns(call => ReadAsync(failure, call.Arg<CancellationToken>()));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime>(Substitute.For<IHostLifetime>());
        builder.Services.AddHostedService(_ => new Service(Note, "before"));
        builder.Services.AddBuildMaster(new MasterOptions { Root = _folder["root"] }, _ => new BuildMasterParts
        {
            Builders = new InMemoryBuilders(),
            Builds = new InMemoryBuilds(),
            Queue = queue,
            Inputs = new InMemoryInputs(),
            Uploads = Substitute.For<IUploadSink>(),
            Notifier = Substitute.For<INotifier>(),
        });
        builder.Services.AddHostedService(_ => new OtherService(Note, "after"));
        return builder.Build();
    }

    /// <summary>What a master reads first, and with that it is busy here until it is stopped.</summary>
    private async Task<QueueSnapshot> ReadAsync(Exception? failure, CancellationToken stop)
    {
        if (failure is not null)
            throw failure;
        Note("the master runs");
        try
        {
            await Task.Delay(Timeout.Infinite, stop);
        }
        finally
        {
            Note("the master ends");
        }

        throw new OperationCanceledException();
    }

    private void Note(string what)
    {
        lock (_happened)
            _happened.Add(what);
    }

    private Task UntilAsync(string what) => Until.TrueAsync(() =>
    {
        lock (_happened)
            return _happened.Contains(what);
    });

    private class Service(Action<string> note, string when) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            note($"{when} it starts");
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            note($"{when} it stops");
            return Task.CompletedTask;
        }
    }

    private sealed class OtherService(Action<string> note, string when) : Service(note, when);
}
