using System.Globalization;
using Buildd.Farm;
using Buildd.IntegrationTests.Farm;
using Buildd.Master.Builds;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Soak;

/// <summary>People who queue builds, look at them and cancel some: all by the command line.</summary>
internal sealed class GoodLoad(FarmProgram farm, string dsc, int seed)
{
    /// <summary>More need not wait: there are two slaves.</summary>
    private const int MaxOpen = 6;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Random _random = new(seed);
    private long _last;

    /// <summary>Goes on until it is stopped.</summary>
    /// <exception cref="AssertionException">A command ended as it must not.</exception>
    internal async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var open = await farm.WithStoreAsync(async store => (await store.Builds.ReadQueueAsync()).Builds);
            if (open.Count < MaxOpen)
                await QueueAsync();
            if (open.FirstOrDefault(build => build.Manager == PlugIns.Sleepy && build.State == BuildState.Building) is { } sleepy)
                await DoAsync([0, FarmExitCode.Failed, FarmExitCode.NotWell], "cancel", Number(sleepy.Id));
            if (_random.Next(3) == 0)
                await LookAsync();
            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task QueueAsync()
    {
        string[] manager = _random.Next(PlugIns.Tags.Count + 2) is var chance && chance < PlugIns.Tags.Count
            ? ["--manager", PlugIns.Tags[chance]]
            : []; // in a system of its own
        await DoAsync([0], ["build", dsc, .. manager]);
        _last++;
    }

    private Task LookAsync() => _random.Next(6) switch
    {
        0 => DoAsync([0], "queue", "--json"),
        1 => DoAsync([0], "queue", "--all"),
        2 => DoAsync([0], "show", AnyBuild()),
        3 => DoAsync([0, FarmExitCode.NotFound], "log", AnyBuild()), // where there is no log yet
        4 => DoAsync([0], "builders", "list", "--json"),
        _ => DoAsync([0, FarmExitCode.Failed, FarmExitCode.NotWell, FarmExitCode.NotFound], "retry", AnyBuild()),
    };

    private string AnyBuild() => Number(_random.NextInt64(_last) + 1);

    private static string Number(long id) => id.ToString(CultureInfo.InvariantCulture);

    private async Task DoAsync(int[] codes, params string[] arguments)
    {
        var (code, output) = await farm.DoAsync(arguments);
        Assert.That(codes, Does.Contain(code), $"{string.Join(' ', arguments)}: {output}");
    }
}
