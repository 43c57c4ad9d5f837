using Buildd.Backends.Environments;
using Buildd.Linux.Processes;
using Buildd.UnitTests.Backends.DebianBuilds;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Environments;

/// <summary>Programs of a build's packages and source see the kernel as the build is to.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PersonalityTests
{
    private readonly ScriptedSystem _system = new() { Personality = new Personality("i386", "lucid-updates") };

    private string Ran => _system.Ran.Single().Command.ToString();

    [Test]
    public async Task What_a_source_brings_wears_it()
    {
        await _system.RunWorkAsync(Command.Of("make", "-n"), default);

        Assert.That(Ran, Is.EqualTo("linux32 --uname-2.6 make -n"));
    }

    [Test]
    public async Task What_a_source_brings_wears_it_without_a_network_too()
    {
        var system = new ScriptedSystem { Personality = new Personality("i386", "noble"), HasNetwork = false };

        await system.RunWorkAsync(Command.Of("make"), default);

        Assert.That(system.Ran.Single().Command.ToString(), Does.EndWith(" linux32 make"));
    }

    [Test]
    public async Task A_tool_with_variables_of_its_own_wears_it_and_the_log_tells_so()
    {
        await _system.RunInsideWithVariablesAsync(Command.Of("lb", "build").WithEnvironment("A", "b"), default);

        Assert.That(Ran, Does.EndWith(" sh / linux32"));
        Assert.That(_system.Ran.Single().Input, Does.Contain("export A='b'").And.Contain("set -- \"$@\" '--uname-2.6' 'lb' 'build'"));
        Assert.That(_system.Ran.Single().Description, Is.EqualTo("linux32 --uname-2.6 lb build"));
    }

    [Test]
    public async Task Without_one_a_command_is_as_it_is()
    {
        var system = new ScriptedSystem();

        await system.RunWorkAsync(Command.Of("make"), default);

        Assert.That(system.Ran.Single().Command.ToString(), Is.EqualTo("make"));
    }
}
