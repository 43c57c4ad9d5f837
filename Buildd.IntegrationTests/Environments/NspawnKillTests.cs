using Buildd.Linux.Processes;
using Buildd.Testing.Runs;

namespace Buildd.IntegrationTests.Environments;

/// <summary>The small system gets an init that does nothing but run.</summary>
public class NspawnKillTests : KillContract
{
    private const string InitScript =
        """
        set -eu
        tar -xzf small.tar.gz
        cd chroot-autobuild
        mkdir -p usr/lib/systemd run root
        echo 'ID=small' > usr/lib/os-release
        ln -s ../usr/lib/os-release etc/os-release
        printf '#!/bin/sh\ntrap "" TERM\nsetsid sleep %s &\nwhile :; do sleep 1; done\n' "$1" > usr/sbin/init
        printf '#!/bin/sh\necho running\n' > usr/bin/systemctl
        chmod 755 usr/sbin/init usr/bin/systemctl
        cd ..
        tar -czf small.tar.gz chroot-autobuild
        """;

    private string[] _locks = [];

    private protected override string Environment => "nspawn";

    private protected override async Task<byte[]> MakeChrootAsync(string folder)
    {
        Machine.Require(File.Exists("/usr/bin/systemd-nspawn"), "systemd-nspawn, of the package systemd-container: run 'make test', which installs it");
        _locks = Containers.FindLocks();
        await base.MakeChrootAsync(folder);
        await ProcessRunner.CaptureAsync(Command.Of("sh", "-c", InitScript, "sh", Nap) with { WorkingDirectory = folder });
        return await File.ReadAllBytesAsync(Path.Combine(folder, "small.tar.gz"));
    }

    private protected override void AssertNothingElseIsLeft(string when, string workDirectory, string buildId) =>
        Containers.AssertNothingIsLeftAsync(_locks, workDirectory, [buildId]).GetAwaiter().GetResult();
}
