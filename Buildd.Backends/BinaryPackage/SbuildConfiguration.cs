using System.Globalization;
using Buildd.Backends.Environments;

namespace Buildd.Backends.BinaryPackage;

/// <summary>The sbuild configuration of one build: a file of its own, so that no home folder has a say.</summary>
internal static class SbuildConfiguration
{
    /// <summary>So much later than the slave itself sbuild notices that a build is silent, so that the cause of its end is known.</summary>
    private static readonly TimeSpan StallMargin = TimeSpan.FromMinutes(5);

    /// <summary>The settings of the reference, as Perl; but for the time that a build may be silent, which the slave watches.</summary>
    /// <param name="options">How packages are built.</param>
    /// <param name="access">The lines that tell how sbuild gets at the system.</param>
    /// <param name="host">This machine's full name.</param>
    internal static string Write(BinaryPackageOptions options, string access, string host) => string.Create(CultureInfo.InvariantCulture,
        $$"""
        # Written for one build.
        $maintainer_name = {{Perl.Quote($"Build Daemon <buildd@{host}>")}};
        {{access}}
        $sbuild_mode = 'buildd';            # a package that is skipped is a failure
        $build_arch_all = 0;
        $apt_update = 0;                    # the phase before has done it
        $apt_upgrade = 0;
        $apt_distupgrade = 0;
        $apt_allow_unauthenticated = 1;     # what may be fetched was decided when the lists were
        $resolve_alternatives = 1;
        $purge_build_deps = 'never';        # the chroot is thrown away
        $check_space = 0;
        $run_lintian = 0;
        $run_piuparts = 0;
        $run_autopkgtest = 0;
        $bd_uninstallable_explainer = '';
        $stalled_pkg_timeout = {{(int)Math.Ceiling((options.EffectiveLimits.Silence + StallMargin).TotalMinutes)}};       # minutes
        $log_colour = 0;
        $build_environment = { 'LANG' => 'C.UTF-8', 'TERM' => 'unknown', 'V' => '1' };
        $environment_filter = ['^DEB_BUILD_OPTIONS$'];
        1;

        """);
}
