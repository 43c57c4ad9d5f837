namespace Buildd.IntegrationTests.Environments;

public class OverlayTests : EnvironmentContract
{
    private protected override string Environment => "overlay";
}
