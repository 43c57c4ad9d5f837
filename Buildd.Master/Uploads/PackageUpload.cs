using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Protocol;

namespace Buildd.Master.Uploads;

/// <summary>What a file of an upload is, by its name.</summary>
internal enum UploadFileKind
{
    /// <summary>A binary package, <c>.deb</c>.</summary>
    Deb,

    /// <summary>A package for the installer, <c>.udeb</c>.</summary>
    Udeb,

    /// <summary>Debug symbols as Ubuntu has them, <c>.ddeb</c>.</summary>
    Ddeb,

    /// <summary>The description of the build's environment, <c>.buildinfo</c>.</summary>
    BuildInfo,

    /// <summary>A part of a source package.</summary>
    Source,

    /// <summary>
    /// Something that the archive has a procedure of its own for: its section is <c>byhand</c> or begins with <c>raw-</c>.
    /// </summary>
    Custom,
}

/// <summary>A file of an upload; its content was compared with the sums. Immutable.</summary>
internal sealed record UploadedFile
{
    /// <summary>The name; <see cref="FileName.Check"/> accepted it.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is.</summary>
    public required string Path { get; init; }

    /// <summary>What it is.</summary>
    public required UploadFileKind Kind { get; init; }

    /// <summary>The size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The SHA-1 in lower-case hexadecimal, computed from what is there.</summary>
    public required Sha1 Sha1 { get; init; }

    /// <summary>The SHA-256 in lower-case hexadecimal, computed from what is there.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The component, <c>main</c> where the section names none.</summary>
    public required string Component { get; init; }

    /// <summary>The section without the component.</summary>
    public required string Section { get; init; }

    /// <summary>The priority.</summary>
    public required string Priority { get; init; }
}

/// <summary>A binary package of an upload, by its own control file. Immutable.</summary>
internal sealed record UploadedBinary
{
    /// <summary>The package's file.</summary>
    public required UploadedFile File { get; init; }

    /// <summary>The package's name; well formed.</summary>
    public required string Package { get; init; }

    /// <summary>The version with its epoch; well formed.</summary>
    public required string Version { get; init; }

    /// <summary>The architecture, or <c>all</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The source package it was built from.</summary>
    public required string Source { get; init; }

    /// <summary>The version of that.</summary>
    public required string SourceVersion { get; init; }
}

/// <summary>The packages that a build made, as its <c>.changes</c> tells of them. Immutable.</summary>
internal sealed record PackageUpload
{
    /// <summary>Where the <c>.changes</c> is; the files are in the same folder.</summary>
    public required string ChangesPath { get; init; }

    /// <summary>The <c>.changes</c>.</summary>
    public required Changes Changes { get; init; }

    /// <summary>All files, in the order of the <c>.changes</c>, which is not among them.</summary>
    public required IReadOnlyList<UploadedFile> Files { get; init; }

    /// <summary>The binary packages among them.</summary>
    public required IReadOnlyList<UploadedBinary> Binaries { get; init; }
}
