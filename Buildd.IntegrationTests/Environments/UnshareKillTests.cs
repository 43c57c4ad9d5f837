using Buildd.IntegrationTests.Support;
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

    private protected override void AssertNothingElseIsLeft(string when, string workDirectory, string buildId) =>
        Assert.That(_user.FindProcessesOfSubordinates(), Is.Empty, $"{when}: processes of the users of a namespace");
}
