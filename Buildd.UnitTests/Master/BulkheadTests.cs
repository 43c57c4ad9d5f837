using Buildd.Master;
using Buildd.UnitTests.Testing;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace Buildd.UnitTests.Master;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BulkheadTests
{
    private readonly RecordingLogger<BulkheadTests> _log = new();

    [Test]
    public async Task What_goes_well_is_not_spoken_of()
    {
        Assert.That(await RunAsync(() => Task.CompletedTask), Is.Null);
        Assert.That(_log.Entries, Is.Empty);
    }

    [Test]
    public async Task Trouble_is_left_to_the_caller()
    {
        var trouble = new IOException("the disk is full");

        Assert.That(await RunAsync(() => Task.FromException(trouble)), Is.SameAs(trouble));
        Assert.That(_log.Entries, Is.Empty);
    }

    [Test]
    public async Task A_mistake_in_code_is_logged_as_one_with_its_place_and_does_not_pass()
    {
        var mistake = new InvalidOperationException("it is not there");

        Assert.That(await RunAsync(() => throw mistake), Is.SameAs(mistake));
        Assert.That(_log.Entries, Is.EqualTo(new[]
        {
            (LogLevel.Critical, "A mistake in the program while looking after bob, which should be reported; all else goes on", mistake),
        }));
    }

    [Test]
    public void A_cancellation_passes_when_the_caller_asked_for_it() => Assert.That(
        async () => await RunAsync(() => throw new OperationCanceledException(), new CancellationToken(canceled: true)),
        Throws.TypeOf<OperationCanceledException>());

    [Test]
    public async Task A_deadline_of_the_part_s_own_does_not_pass() => Assert.That(
        await RunAsync(() => throw new TaskCanceledException()), Is.TypeOf<TaskCanceledException>());

    private Task<Exception?> RunAsync(Func<Task> part, CancellationToken stop = default) =>
        Bulkhead.RunAsync(part, "looking after bob", _log, stop);
}
