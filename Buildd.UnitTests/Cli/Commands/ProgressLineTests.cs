using Buildd.Cli.Commands;
using Buildd.UnitTests.Testing;
using NUnit.Framework;

namespace Buildd.UnitTests.Cli.Commands;

public sealed class ProgressLineTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly StringWriter _output = new();

    [OneTimeTearDown]
    public void Close() => _output.Dispose();

    [Test]
    public void A_terminal_shows_how_far_it_is_and_then_nothing_more()
    {
        using (var line = new ProgressLine(_output, isTerminal: true, "checking x", _time))
        {
            line.Show(0.1); // too early
            _time.Advance(TimeSpan.FromSeconds(2));
            line.Show(0.42);
            line.Show(0.5); // too soon after
            _time.Advance(TimeSpan.FromSeconds(1));
            line.Show(1);
        }

        Assert.That(_output.ToString(), Is.EqualTo("\rchecking x: 42 %\rchecking x: 100 %\r                 \r"));
    }

    [Test]
    public void A_file_gets_nothing()
    {
        using var output = new StringWriter();
        using (var line = new ProgressLine(output, isTerminal: false, "checking x", _time))
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            line.Show(0.5);
        }

        Assert.That(output.ToString(), Is.Empty);
    }
}
