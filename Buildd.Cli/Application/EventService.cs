using Buildd.Master;

namespace Buildd.Cli.Application;

/// <summary>
/// Writes what happens to the command's output, from before the master begins until after it has ended. When nobody can be told any more,
/// that ends the program.
/// </summary>
/// <param name="provider">Has the master, which is made when the server listens.</param>
/// <param name="session">Where to write.</param>
/// <param name="address">Gives the address of the inputs for slaves, once the server listens.</param>
internal sealed class EventService(IServiceProvider provider, FarmSession session, Func<Uri> address) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _telling = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var master = provider.GetRequiredService<BuildMaster>();
        _telling = TellAsync(master, master.Events(_stop.Token));
        return Task.CompletedTask;
    }

    /// <summary>The master, which was started after this, has stopped by now.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _telling;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stop.Dispose();

    private async Task TellAsync(BuildMaster master, IAsyncEnumerable<MasterEvent> events)
    {
        try
        {
            await master.Loaded.WaitAsync(_stop.Token);
            EventJson.WriteReady(session.Output, session.Store.Name, address());
            await session.Output.FlushAsync(_stop.Token);
            await foreach (var happened in events)
                EventJson.Write(session.Output, happened);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // that is how it ends
        }
        finally
        {
            provider.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        }
    }
}
