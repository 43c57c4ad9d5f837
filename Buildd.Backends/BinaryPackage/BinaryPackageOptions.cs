using Buildd.Backends.Limits;
using Buildd.Backends.Phases;

namespace Buildd.Backends.BinaryPackage;

/// <summary>How this machine builds packages.</summary>
public sealed record BinaryPackageOptions : DebianBuildOptions
{
    /// <summary>
    /// After how long without output a build is ended when <see cref="DebianBuildOptions.Limits"/> has no silence; the
    /// reference's figure.
    /// </summary>
    public static readonly TimeSpan DefaultSilence = TimeSpan.FromMinutes(150);

    /// <inheritdoc/>
    internal override BuildLimits EffectiveLimits => Limits.Silence > TimeSpan.Zero ? Limits : Limits with { Silence = DefaultSilence };
}
