using Buildd.Debian.Packages;
using Buildd.Linux.Files;

namespace Buildd.Master.Uploads.Checks;

/// <summary>What the fields and the files of an upload have to agree on, with each other and with the build.</summary>
internal static class UploadWhole
{
    private const string All = "all";
    private const string Source = "source";

    public static void Check(Changes changes, IReadOnlyList<UploadedFile> files, UploadTarget target, FindingList findings)
    {
        // By what is listed, not by what is there: a missing file was told already.
        var kinds = changes.Files.Select(file => (file.Name, Kind: DebNames.KindOf(file))).ToList();
        var hasSource = kinds.Any(file => file.Kind == UploadFileKind.Source);
        var hasBinaries = kinds.Any(file => file.Kind is { } kind && DebNames.IsBinary(kind));
        if (hasSource && hasBinaries)
            findings.Reject(null, "There are parts of a source and binary packages in one upload");
        else if (hasSource)
            findings.Reject(null, "There are parts of a source in what a build made");
        if (changes.Architectures.Contains(Source) != hasSource)
        {
            findings.Reject(null, hasSource
                ? "There are parts of a source, and the field Architecture does not say so"
                : "The field Architecture says source, and there is no part of one");
        }

        CheckArchitectures(changes, target, findings);
        CheckDdebs(changes, findings);
        var components = files.Select(file => file.Component).Distinct().ToList();
        if (components.Count > 1 && components.Contains(UploadPolicy.Partner))
            findings.Reject(null, "There are packages of the component partner together with others");
        CheckTarget(changes, target, findings);
    }

    private static void CheckArchitectures(Changes changes, UploadTarget target, FindingList findings)
    {
        var kinds = changes.Files.ToLookup(DebNames.KindOf);
        var found = kinds.Where(files => files.Key is { } kind && DebNames.IsBinary(kind)).SelectMany(files => files)
            .Select(file => DebNames.Parts(file.Name)?.Architecture).OfType<string>().Distinct().ToList();
        var ofCustomFiles = kinds[UploadFileKind.Custom].Select(file => DebNames.WordOf(file.Name)).ToHashSet();
        var listed = changes.Architectures.Select(DebNames.ArchitectureOf).OfType<string>()
            .Where(name => name != Source && (found.Contains(name) || !ofCustomFiles.Contains(name))).Distinct().ToList();
        foreach (var name in listed.Except(found))
            findings.Reject(null, $"The field Architecture says {FileName.Display(name)}, and no package is for it");
        foreach (var name in found.Except(listed))
            findings.Reject(null, $"There are packages for {FileName.Display(name)}, and the field Architecture does not say so");
        var specific = listed.Union(found).Where(name => name != All).ToList();
        if (specific.Count > 1)
            findings.Reject(null, $"There is more than one architecture: {string.Join(", ", specific.Select(FileName.Display))}");
        if (target.Architecture is { } architecture)
        {
            foreach (var name in specific.Where(name => name != architecture))
                findings.Reject(null, $"The upload is for {FileName.Display(name)}, and the build was for {architecture}");
        }
    }

    /// <summary>A package's debug symbols are of the same build: <c>NAME-dbgsym</c>, same version, same architecture.</summary>
    private static void CheckDdebs(Changes changes, FindingList findings)
    {
        var packages = changes.Files
            .Where(file => DebNames.KindOf(file) is UploadFileKind.Deb or UploadFileKind.Udeb)
            .Select(file => DebNames.Parts(file.Name)).ToList();
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in changes.Files.Where(file => DebNames.KindOf(file) == UploadFileKind.Ddeb))
        {
            var parts = DebNames.Parts(file.Name);
            if (parts is not { } ddeb || DebNames.OwnerOfSymbols(ddeb.Package) is not { } name)
            {
                findings.Reject(file.Name, "is not called NAME-dbgsym_VERSION_ARCHITECTURE.ddeb");
                continue;
            }

            var owner = (name, ddeb.Version, ddeb.Architecture);
            if (packages.Count(package => package == owner) != 1)
                findings.Reject(file.Name, "has debug symbols of no package in this upload");
            else if (!owners.TryAdd($"{owner}", file.Name))
                findings.Reject(file.Name, $"has debug symbols of the same package as {owners[$"{owner}"]}");
        }
    }

    private static void CheckTarget(Changes changes, UploadTarget target, FindingList findings)
    {
        if (target.Source is { } source && changes.Source != source)
            findings.Reject(null, $"The upload is of the source {FileName.Display(changes.Source)}, and the build was of {source}");
        if (target.SourceVersion is { } version && changes.SourceVersion != version)
            findings.Reject(
                null, $"The upload is of the source's version {FileName.Display(changes.SourceVersion)}, and the build was of {version}");
        if (target.Suite is { } suite && (changes.Distributions.Count != 1 || changes.Distributions[0] != suite))
            findings.Reject(
                null,
                $"The upload is for {string.Join(' ', changes.Distributions.Select(FileName.Display))}, and the build was for {suite}");
    }
}
