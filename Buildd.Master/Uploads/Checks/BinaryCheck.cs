using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;
using Buildd.Debian.Versions;
using Buildd.Linux.Files;

namespace Buildd.Master.Uploads.Checks;

/// <summary>Compares each binary package's own control file with the <c>.changes</c>, its name and the build.</summary>
internal sealed class BinaryCheck(UploadPolicy policy, FindingList findings, TimeProvider time)
{
    /// <summary>The value of the field Auto-Built-Package by which dpkg knows them.</summary>
    private const string DebugSymbols = "debug-symbols";

    private readonly DebReader _reader = new(policy, time);

    /// <summary>The packages that could be read; all are right when nothing was rejected.</summary>
    public async Task<IReadOnlyList<UploadedBinary>> CheckAsync(
        Changes changes, IReadOnlyList<UploadedFile> files, UploadTarget target, CancellationToken cancellationToken)
    {
        var binaries = new List<UploadedBinary>();
        foreach (var file in files.Where(file => DebNames.IsBinary(file.Kind)))
        {
            var contents = await _reader.ReadAsync(file.Path, checksTimes: file.Kind != UploadFileKind.Udeb, cancellationToken)
                .ConfigureAwait(false);
            foreach (var mistake in contents.Mistakes)
                findings.Reject(file.Name, mistake);
            if (contents.Control is { } control && Check(changes, file, control, target) is { } binary)
                binaries.Add(binary);
        }

        return binaries;
    }

    private UploadedBinary? Check(Changes changes, UploadedFile file, Paragraph control, UploadTarget target)
    {
        string[] needed = ["Package", "Version", "Architecture"];
        foreach (var name in needed.Where(name => string.IsNullOrEmpty(control[name])))
            findings.Reject(file.Name, $"has a control file without the field {name}");
        var (package, version, architecture) = (control["Package"] ?? "", control["Version"] ?? "", control["Architecture"] ?? "");
        var (source, sourceVersion) = SourceOf(control, package, version);
        CheckName(changes, file, package, isAutomatic: control["Auto-Built-Package"] == DebugSymbols);
        CheckOrigin(file, control, package, target);
        CheckVersion(file, version);
        CheckArchitecture(changes, file, architecture, target);
        CheckFields(file, control);
        if (source != (target.Source ?? changes.Source))
            findings.Reject(
                file.Name,
                $"is built from the source {FileName.Display(source)}, and not from {FileName.Display(target.Source ?? changes.Source)}");
        else if (sourceVersion != (target.SourceVersion ?? changes.SourceVersion))
            findings.Reject(
                file.Name, $"is built from the source's version {FileName.Display(sourceVersion)}, and not from "
                    + $"{FileName.Display(target.SourceVersion ?? changes.SourceVersion)}");
        return new UploadedBinary
        {
            File = file,
            Package = package,
            Version = version,
            Architecture = architecture,
            Source = source,
            SourceVersion = sourceVersion,
        };
    }

    /// <summary>
    /// Debug symbols that debhelper makes are packages that no source names: dpkg lists them in Binary from 1.19 on, so not that of
    /// stretch.
    /// </summary>
    private static bool IsSymbolsOf(Changes changes, string package) =>
        DebNames.OwnerOfSymbols(package) is { } owner && changes.Binaries.Contains(owner);

    private void CheckName(Changes changes, UploadedFile file, string package, bool isAutomatic)
    {
        if (package.Length == 0)
            return;
        if (!DebNames.IsPackageName(package))
            findings.Reject(file.Name, $"is of the package {FileName.Display(package)}, which is no name of one");
        if (file.Kind != UploadFileKind.Ddeb && !changes.Binaries.Contains(package) && !(isAutomatic && IsSymbolsOf(changes, package)))
            findings.Reject(file.Name, $"is of the package {FileName.Display(package)}, which the field Binary does not name");
        if (DebNames.Parts(file.Name) is not { } parts)
            findings.Reject(file.Name, "is not called PACKAGE_VERSION_ARCHITECTURE");
        else if (parts.Package != package)
            findings.Reject(file.Name, $"is of the package {FileName.Display(package)}");
    }

    /// <summary>
    /// A source publishes only packages that its <c>.dsc</c> names: the <c>.changes</c> is made by the build, which may be hostile. Debug
    /// symbols are named nowhere; debhelper marks their packages (dh_strip, dpkg-gencontrol).
    /// </summary>
    private void CheckOrigin(UploadedFile file, Paragraph control, string package, UploadTarget target)
    {
        if (target.Binaries is not { } binaries || package.Length == 0 || binaries.Contains(package))
            return;
        if (DebNames.OwnerOfSymbols(package) is not { } owner || !binaries.Contains(owner) || file.Kind == UploadFileKind.Udeb)
            findings.Reject(
                file.Name,
                $"is of the package {FileName.Display(package)}, which the .dsc of the source {FileName.Display(target.Source ?? "")} does "
                    + "not name (Binary, Package-List)");
        else if (file.Kind != UploadFileKind.Ddeb && control["Auto-Built-Package"] != DebugSymbols)
            // pkg-create-dbgsym, which made .ddebs before debhelper did, marks none.
            findings.Reject(
                file.Name,
                $"is named as the debug symbols of {owner}, and has no field 'Auto-Built-Package: debug-symbols', which debhelper gives "
                    + "them");
    }

    private void CheckVersion(UploadedFile file, string version)
    {
        if (version.Length == 0)
            return;
        if (DebianVersion.TryParse(version) is null)
            findings.Reject(file.Name, $"has the version {FileName.Display(version)}, which is none");
        else if (DebNames.Parts(file.Name) is { } parts && parts.Version != DebNames.WithoutEpoch(version))
            findings.Reject(file.Name, $"has the version {FileName.Display(version)}");
    }

    private void CheckArchitecture(Changes changes, UploadedFile file, string architecture, UploadTarget target)
    {
        if (architecture.Length == 0)
            return;
        if (target.Architecture is { } expected && architecture != "all" && architecture != expected)
            findings.Reject(file.Name, $"is for {FileName.Display(architecture)}, and the build was for {expected}");
        if (!changes.Architectures.Contains(architecture))
            findings.Reject(file.Name, $"is for {FileName.Display(architecture)}, which the field Architecture does not name");
        if (DebNames.Parts(file.Name) is { } parts && parts.Architecture != architecture)
            findings.Reject(file.Name, $"is for {FileName.Display(architecture)}");
    }

    private void CheckFields(UploadedFile file, Paragraph control)
    {
        if (control["Depends"] is { } depends && string.IsNullOrWhiteSpace(depends))
            findings.Reject(file.Name, "has an empty field Depends");
        if (control["Section"] is { Length: > 0 } section && DebNames.SplitSection(section) != (file.Component, file.Section))
            findings.Reject(
                file.Name, $"is in the section {FileName.Display(section)}, and the .changes says {file.Component}/{file.Section}");
        if (control["Priority"] is { Length: > 0 } priority && priority != file.Priority)
            findings.Reject(file.Name, $"has the priority {FileName.Display(priority)}, and the .changes says {file.Priority}");
    }

    /// <summary><c>Source: NAME (VERSION)</c>; either part that is missing is the package's own.</summary>
    private static (string Name, string Version) SourceOf(Paragraph control, string package, string version) =>
        (control["Source"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
        {
            [] => (package, version),
            [var name] => (name, version),
            [var name, ['(', .. var inner, ')']] => (name, inner),
            _ => (control["Source"]!, version),
        };
}
