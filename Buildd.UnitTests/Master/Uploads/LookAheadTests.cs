using Buildd.Master.Uploads;
using NUnit.Framework;

namespace Buildd.UnitTests.Master.Uploads;

[Parallelizable(ParallelScope.All)]
[CancelAfter(60_000)]
public sealed class LookAheadTests
{
    [Test]
    public async Task Work_begins_before_its_turn_and_not_more_of_it_than_the_window_has()
    {
        var begun = new bool[6];
        var gates = begun.Select(_ => new TaskCompletionSource()).ToArray();
        var started = begun.Select(_ => new TaskCompletionSource()).ToArray();
        var ahead = new LookAhead<int>(6, 3, async number =>
        {
            begun[number] = true;
            started[number].SetResult();
            await gates[number].Task;
            return number;
        });

        var first = ahead.TakeAsync(0);
        await Task.WhenAll(started[0].Task, started[1].Task, started[2].Task);
        gates[2].SetResult();
        Assert.That(begun, Is.EqualTo(new[] { true, true, true, false, false, false }));
        gates[0].SetResult();
        Assert.That(await first, Is.Zero);
        var second = ahead.TakeAsync(1);
        await started[3].Task;
        Assert.That(begun[4..], Has.None.True);

        foreach (var gate in gates)
            gate.TrySetResult();
        Assert.That(await second, Is.EqualTo(1));
        for (var number = 2; number < 6; number++)
            Assert.That(await ahead.TakeAsync(number), Is.EqualTo(number));
        await ahead.DisposeAsync();
    }

    [Test]
    public async Task A_failure_is_told_at_its_turn_and_what_was_begun_is_waited_for()
    {
        var ended = 0;
        var ahead = new LookAhead<int>(3, 3, async number =>
        {
            await Task.Yield();
            Interlocked.Increment(ref ended);
            return number == 1 ? throw new InvalidOperationException("broken") : number;
        });

        Assert.That(await ahead.TakeAsync(0), Is.Zero);
        await ahead.DisposeAsync();

        Assert.That(ended, Is.EqualTo(3));
        Assert.That(async () => await ahead.TakeAsync(1), Throws.InvalidOperationException);
        Assert.That(await ahead.TakeAsync(2), Is.EqualTo(2));
    }
}
