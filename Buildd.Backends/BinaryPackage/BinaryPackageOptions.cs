using Buildd.Backends.DebianBuilds;
using Buildd.Backends.Limits;

namespace Buildd.Backends.BinaryPackage;

/// <summary>How this machine builds packages.</summary>
public sealed record BinaryPackageOptions : DebianBuildOptions
{
    /// <summary>
    /// After how long without output a build is ended when <see cref="DebianBuildOptions.Limits"/> has no silence; the
    /// reference's figure.
    /// </summary>
    public static readonly TimeSpan DefaultSilence = TimeSpan.FromMinutes(150);

    /// <summary>The version of the builder, for the provenance of what it builds; <c>unknown</c> by default.</summary>
    public string BuilderVersion { get; init; } = "unknown";

    /// <inheritdoc/>
    internal override BuildLimits EffectiveLimits => Limits.Silence > TimeSpan.Zero ? Limits : Limits with { Silence = DefaultSilence };
}
