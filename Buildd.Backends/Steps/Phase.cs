namespace Buildd.Backends.Steps;

/// <summary>The phases of a build, in the reference's words. Not every build has all of them.</summary>
internal enum Phase
{
    /// <summary>The machine is looked at: are the tools there, is the user who it has to be.</summary>
    Init,

    /// <summary>The chroot tarball is unpacked.</summary>
    Unpack,

    /// <summary>What a running system has mounted is mounted in it.</summary>
    Mount,

    /// <summary>The archives to install from are written down in it.</summary>
    Sources,

    /// <summary>The keys of those archives are put into it.</summary>
    Keys,

    /// <summary>Its packages are brought up to date.</summary>
    Update,

    /// <summary>The package is built by sbuild.</summary>
    Sbuild,

    /// <summary>A source package is made of a recipe.</summary>
    BuildRecipe,

    /// <summary>Translation templates are made of a source tree.</summary>
    Generate,

    /// <summary>What makes an image is installed in it.</summary>
    Install,

    /// <summary>The branch with an image's configuration is fetched.</summary>
    Checkout,

    /// <summary>The image is made; the reference's BUILD_LIVEFS.</summary>
    LiveFs,

    /// <summary>A plug-in's command runs.</summary>
    Run,

    /// <summary>The results are taken over.</summary>
    Gather,

    /// <summary>What the build left running is ended.</summary>
    Reap,

    /// <summary>What was mounted is unmounted.</summary>
    Umount,

    /// <summary>The build's folder is removed.</summary>
    Cleanup,
}
