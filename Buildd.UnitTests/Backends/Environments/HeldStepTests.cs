using Buildd.Backends.Environments;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class HeldStepTests
{
    [Test]
    public async Task It_goes_on_until_it_is_ended()
    {
        var wasStopped = false;
        var step = HeldStep.Start(async end =>
        {
            using var stopped = end.Register(() => wasStopped = true);
            await Task.Delay(Timeout.Infinite, end);
        });
        Assert.That(step.Completion.IsCompleted, Is.False);

        await step.EndAsync(CancellationToken.None);

        Assert.That(wasStopped);
        Assert.That(step.Completion.IsCompletedSuccessfully, "that it was ended is no failure");
    }

    [Test]
    public async Task A_failure_of_its_own_is_told_and_ending_it_afterwards_is_well()
    {
        var step = HeldStep.Start(_ => Task.FromException(new IOException("as told")));

        Assert.That(async () => await step.Completion, Throws.TypeOf<IOException>().With.Message.EqualTo("as told"));
        await step.EndAsync(CancellationToken.None);
    }

    [Test]
    public void Who_ends_it_need_not_wait_for_ever()
    {
        using var patience = new CancellationTokenSource();
        var step = HeldStep.Start(_ => new TaskCompletionSource().Task);

        var ending = step.EndAsync(patience.Token);
        patience.Cancel();

        Assert.That(async () => await ending, Throws.InstanceOf<OperationCanceledException>());
    }
}
