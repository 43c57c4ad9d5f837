namespace Buildd.IntegrationTests.Environments;

public class ChrootTests : EnvironmentContract
{
    private protected override string Environment => "chroot";
}
