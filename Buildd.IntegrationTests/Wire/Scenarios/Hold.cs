namespace Buildd.IntegrationTests.Wire.Scenarios;

/// <summary>A place where a scripted build stops, so that a test can look at the slave there.</summary>
internal sealed class Hold
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The build has come here.</summary>
    internal Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Called by the build: stops here until it is let go or aborted.</summary>
    internal async Task StopAsync(CancellationToken abort)
    {
        _reached.TrySetResult();
        await _go.Task.WaitAsync(abort);
    }

    internal void LetGo() => _go.TrySetResult();
}
