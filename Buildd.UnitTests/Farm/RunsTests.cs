using Buildd.Farm;
using Buildd.Testing.Files;
using NUnit.Framework;

namespace Buildd.UnitTests.Farm;

[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RunsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly string _name = Runs.NewName();

    private Runs Farm => new(_folder["runs"]);

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_run_lives_until_it_ends_and_leaves_nothing()
    {
        using (Farm.Begin(_name))
        {
            Assert.That(Farm.IsAlive(_name), Is.True);
            Farm.Sweep();
            Assert.That(Farm.IsAlive(_name), Is.True);
        }

        Assert.That(Farm.IsAlive(_name), Is.Null);
        Assert.That(Directory.GetFiles(_folder["runs"]), Is.Empty);
    }

    [Test]
    public void The_file_of_a_run_that_was_killed_says_so_until_it_is_swept_away()
    {
        Directory.CreateDirectory(_folder["runs"]);
        File.WriteAllText(_folder[$"runs/{_name}"], "");

        Assert.That(Farm.IsAlive(_name), Is.False);
        Farm.Sweep();
        Assert.That(Farm.IsAlive(_name), Is.Null);
    }

    [TestCase("nobody")]
    [TestCase("../x")]
    [TestCase("elsewhere-1-0123456789abcdef0123456789abcdef")]
    public void Of_others_nothing_is_known(string name) => Assert.That(Farm.IsAlive(name), Is.Null);

    [Test]
    public void A_name_is_told_as_machine_and_process() =>
        Assert.That(Runs.Describe(_name), Is.EqualTo($"{Environment.MachineName}, pid {Environment.ProcessId}"));

    [Test]
    public void Another_name_is_told_as_it_is() => Assert.That(Runs.Describe("my-master"), Is.EqualTo("my-master"));
}
