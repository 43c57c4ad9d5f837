using Buildd.Master.Builds;
using Buildd.Protocol.Messages;

namespace Buildd.UnitTests.Master.Scenarios;

/// <summary>A farm in which something goes wrong.</summary>
public abstract class FaultFixture : IAsyncDisposable
{
    private protected readonly FarmBench _farm = new();

    public ValueTask DisposeAsync() => _farm.DisposeAsync();

    private protected async Task<(SocketSlave Slave, Build Build)> BuildingAsync()
    {
        var slave = await _farm.AddAsync("bob");
        var build = await _farm.QueueAsync();
        _farm.Start();
        await _farm.UntilAsync(() => slave.Status.Status == BuilderStatus.Building);
        await _farm.UntilAsync(() => _farm.Master.IsQuiet);
        return (slave, build);
    }

    private protected async Task<(int Builder, int Build)> CountsAsync(Build build, string builder = "bob") =>
        ((await _farm.FindAsync(builder)).Failures, (await _farm.FindAsync(build)).Failures);
}
