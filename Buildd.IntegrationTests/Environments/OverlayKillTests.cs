namespace Buildd.IntegrationTests.Environments;

public class OverlayKillTests : KillContract
{
    private protected override string Environment => "overlay";
}
