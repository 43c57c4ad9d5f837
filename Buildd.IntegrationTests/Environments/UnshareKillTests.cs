using Buildd.IntegrationTests.Support;
using Buildd.Linux.Processes;
using Buildd.Testing.Runs;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

/// <summary>The slave runs as root here, and has an account that is not root make the namespaces.</summary>
public class UnshareKillTests : KillContract
{
    private OrdinaryUser _user = null!;

    private protected override string Environment => $"unshare\nbuilduser = {_user.Name}";

    [OneTimeSetUp]
    public async Task CreateUserAsync()
    {
        BuildEnvironment.RequireBuildTools();
        _user = await OrdinaryUser.CreateAsync(withRule: false);
        await _user.AddSubordinatesAsync();
    }

    [OneTimeTearDown]
    public async Task RemoveUserAsync()
    {
        if (_user is not null)
            await _user.DisposeAsync();
    }

    /// <summary>What unpacks or removes works outside of the build's own namespaces; random kills have found it still at work.</summary>
    [Test]
    public async Task What_a_user_of_a_namespace_still_does_for_a_killed_slave_is_ended(CancellationToken cancellationToken)
    {
        var folder = await KillInTheMiddleAsync();
        var working = ProcessRunner.RunAsync(
            Command.Of("tail", "-f", "/dev/null", Path.Combine(folder, "chroot-autobuild", "at-work"))
                .Behind("setpriv", "--reuid", _user.Subordinates.Split('-')[0], "--clear-groups", "--"),
            _ => { },
            cancellationToken: cancellationToken);
        await Until.TrueAsync(() => _user.FindProcessesOfSubordinates().Count != 0);

        await AssertIsEndedAsync();
        await working;
    }

    private protected override void AssertNothingElseIsLeft(string when, string workDirectory, string buildId) =>
        Assert.That(_user.FindProcessesOfSubordinates(), Is.Empty, $"{when}: processes of the users of a namespace");
}
