using Buildd.Testing.Files;

namespace Buildd.IntegrationTests.Packages;

/// <summary>
/// A package with the name and the layout of launchpad-buildd, made of what is known about them: paths, accounts, conffiles,
/// units. What stands for its daemon only sleeps.
/// </summary>
internal static class OldInstallation
{
    private static readonly (string Path, string Content, bool IsExecutable)[] Files =
    [
        (
            "DEBIAN/control", "Package: launchpad-buildd\nVersion: 229\nArchitecture: all\nMaintainer: Test "
                + "<test@example.org>\nDepends: sbuild, schroot, sudo, libssl3t64 | libssl3\nDescription: stands for another\n", false),
        (
            "DEBIAN/conffiles",
            "/etc/default/launchpad-buildd\n/etc/logrotate.d/launchpad-buildd\n/etc/sudoers.d/buildd\n/etc/source-dependencies\n", false),
        ("DEBIAN/postinst",
            """
            #!/bin/sh
            set -e
            getent group buildd >/dev/null || groupadd --gid 2501 buildd
            getent passwd buildd >/dev/null || useradd --uid 2001 --gid buildd --groups sbuild --home-dir /home/buildd --create-home --shell /bin/bash buildd
            install -d -o buildd -g buildd /home/buildd/filecache-default /var/log/launchpad-buildd
            mkdir -p /etc/launchpad-buildd
            [ -e /etc/launchpad-buildd/default ] || /usr/share/launchpad-buildd/buildd-genconfig > /etc/launchpad-buildd/default
            systemctl enable launchpad-buildd.service
            [ ! -d /run/systemd/system ] || { systemctl daemon-reload; systemctl restart launchpad-buildd.service; }

            """, true),
        ("DEBIAN/prerm", "#!/bin/sh\nset -e\n[ ! -d /run/systemd/system ] || systemctl stop launchpad-buildd.service\n", true),
        // What debhelper's scripts do when a package with a unit goes.
        (
            "DEBIAN/postrm", "#!/bin/sh\nset -e\n[ \"$1\" != remove ] || deb-systemd-helper mask launchpad-buildd.service\n[ \"$1\" != "
                + "purge ] || rm -rf /etc/launchpad-buildd\n", true),
        ("etc/default/launchpad-buildd", "RUN_NETWORK_REQUESTS_AS_ROOT=no\n", false),
        ("etc/source-dependencies", "", false),
        (
            "etc/sudoers.d/buildd",
            "Defaults:buildd umask_override\nbuildd ALL=(ALL:ALL) NOPASSWD: ALL\n%lpbuildd ALL=(ALL:ALL) NOPASSWD: ALL\n", false),
        (
            "etc/logrotate.d/launchpad-buildd",
            "/var/log/launchpad-buildd/*.log {\n daily\n rotate 14\n dateext\n compress\n delaycompress\n notifempty\n missingok\n su "
                + "buildd buildd\n create 0644 buildd buildd\n postrotate\n  service launchpad-buildd reload\n endscript\n}\n", false),
        (
            "lib/systemd/system/launchpad-buildd.service",
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n", false),
        (
            "lib/systemd/system/launchpad-buildd@.service",
            "[Unit]\nPartOf=launchpad-buildd.service\n[Service]\nUser=buildd\nExecStart=/bin/sleep infinity\n", false),
        ("lib/systemd/system-generators/launchpad-buildd-generator",
            "#!/bin/sh\nmkdir -p $1/launchpad-buildd.service.wants\nfor f in /etc/launchpad-buildd/*; do ln -s "
                + "/lib/systemd/system/launchpad-buildd@.service $1/launchpad-buildd.service.wants/launchpad-buildd@${f##*/}.service; "
                + "done\n", true),
        (
            "usr/share/launchpad-buildd/buildd-genconfig", "#!/bin/sh\nprintf '[builder]\\narchitecturetag = amd64\\nfilecache = "
                + "/home/buildd/filecache-default\\nbindhost = 0.0.0.0\\nbindport = 8221\\nntphost = ntp.buildd\\nsharepath = "
                + "/usr/share/launchpad-buildd\\nproxyport = 8222\\n'\n", true),
    ];

    /// <summary>Makes the package, and gives its path.</summary>
    internal static async Task<string> MakeAsync(TemporaryDirectory folder)
    {
        foreach (var (name, content, isExecutable) in Files)
        {
            var path = Path.Combine(folder["old"], name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, content);
            var mode =
                name.StartsWith("etc/sudoers.d", StringComparison.Ordinal) ? 0b100_100_000 : isExecutable ? 0b111_101_101 : 0b110_100_100;
            File.SetUnixFileMode(path, (UnixFileMode)mode);
        }

        await DebianSystem.RunOnHostAsync(
            "dpkg-deb", "--root-owner-group", "--build", folder["old"], folder["launchpad-buildd_229_all.deb"]);
        return folder["launchpad-buildd_229_all.deb"];
    }
}
