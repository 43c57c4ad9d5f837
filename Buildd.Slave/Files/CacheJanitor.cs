using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Buildd.Slave.Files;

/// <summary>
/// Keeps the cache within its limits: at start-up, when a file came in, and from time to time. At start-up it also removes
/// what an earlier run left half done, before the first call can come.
/// </summary>
internal sealed class CacheJanitor(FileCache cache, IList<IDerivedFiles> derived, TimeProvider time, ILogger<CacheJanitor> logger)
    : IHostedService, IDisposable
{
    /// <summary>How often it looks when nothing comes in: often enough for ages that count in days.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _work = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cache.Folder.CloseToOthers();
        Tidy("tidied", () =>
        {
            if (cache.Folder.RemoveLeftovers() is var count and > 0)
                logger.LogLeftoversRemoved(count);
        });
        _work = Task.Run(WorkAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Ends the work, and waits until downloads, which end with the host, have cleaned up after themselves.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _work.WaitAsync(cancellationToken).ConfigureAwait(false);
        await cache.DownloadsEndedAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _stop.Dispose();

    private async Task WorkAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await SweepAsync().ConfigureAwait(false);
            using var interval = new CancellationTokenSource(Interval, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, _stop.Token);
            try
            {
                await cache.Growth.ReadAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // the interval is over, or it is to stop: the loop sees which
            }
        }
    }

    private async Task SweepAsync()
    {
        List<(IDerivedFiles Keeper, DerivedFile File)> made = [];
        foreach (var keeper in derived)
            Tidy("swept of what was made of its files", () => made.AddRange(keeper.List().Select(file => (keeper, file))));
        IReadOnlyList<DerivedFile> going = [];
        Tidy("swept", () => going = cache.Folder.SweepWith([.. made.Select(one => one.File)]));
        foreach (var (keeper, file) in made.Where(one => going.Contains(one.File)))
        {
            try
            {
                await keeper.RemoveAsync(file.Sha1, _stop.Token).ConfigureAwait(false);
                logger.LogDerivedRemoved(file.Bytes, file.Sha1);
            }
            catch (IOException e)
            {
                logger.LogCacheNotKept(e, $"swept of what was made of {file.Sha1}");
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return; // the next start goes on with it
            }
        }
    }

    private void Tidy(string what, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LogCacheNotKept(e, what); // the folder may be readable again the next time
        }
    }
}
