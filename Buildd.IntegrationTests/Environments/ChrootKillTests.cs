namespace Buildd.IntegrationTests.Environments;

public class ChrootKillTests : KillContract
{
    private protected override string Environment => "chroot";
}
