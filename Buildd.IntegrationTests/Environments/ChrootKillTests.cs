using Buildd.IntegrationTests.Support;
using NUnit.Framework;

namespace Buildd.IntegrationTests.Environments;

public class ChrootKillTests : KillContract
{
    private OrdinaryUser _user = null!;

    private protected override string Environment => "chroot";

    /// <summary>The one whose leftovers are ended in another way.</summary>
    private protected override string OtherEnvironment => $"unshare\nbuilduser = {_user.Name}";

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
}
