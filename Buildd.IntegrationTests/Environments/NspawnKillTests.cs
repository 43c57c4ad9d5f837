using Buildd.Linux.Processes;
using Buildd.Testing.Files;
using Buildd.Testing.Runs;

namespace Buildd.IntegrationTests.Environments;

/// <summary>The small system gets an init that does nothing but run.</summary>
public class NspawnKillTests : KillContract
{
    private static readonly string InitScript = Scripts.Text(typeof(NspawnKillTests), "Environments/add-small-init.sh");

    private string[] _locks = [];

    private protected override string Environment => "nspawn";

    private protected override async Task<byte[]> MakeChrootAsync(string folder)
    {
        Machine.Require(
            File.Exists("/usr/bin/systemd-nspawn"), "systemd-nspawn, of the package systemd-container: run 'make test', which installs it");
        _locks = Containers.FindLocks();
        await base.MakeChrootAsync(folder);
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", InitScript, "sh", Nap) with { WorkingDirectory = folder });
        return await File.ReadAllBytesAsync(Path.Combine(folder, "small.tar.gz"));
    }

    private protected override void AssertNothingElseIsLeft(string when, string workDirectory, string buildId) =>
        Containers.AssertNothingIsLeftAsync(_locks, workDirectory, [buildId]).GetAwaiter().GetResult();
}
