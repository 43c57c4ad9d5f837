using System.Globalization;
using Buildd.Debian.ControlFiles;
using Buildd.Debian.Packages;
using Buildd.Debian.Versions;
using Buildd.Linux.Files;

namespace Buildd.Master.Uploads.Checks;

/// <summary>The checks of a <c>.changes</c> by itself: whether anybody can go by it.</summary>
internal sealed class ChangesFields(UploadPolicy policy, FindingList findings)
{
    private const decimal OldestFormat = 1.5m;
    private const decimal NewestFormat = 2.0m;

    private static readonly string[] Mandatory =
        ["Source", "Architecture", "Version", "Distribution", "Maintainer", "Files", "Changes", "Date", "Changed-By"];

    private static readonly string[] Urgencies = ["low", "medium", "high", "emergency", "critical"];

    /// <summary>
    /// Reads and checks it; no <c>Changes</c> when the rest can't be checked by it, no paragraph when it can't be read at all.
    /// </summary>
    public async Task<(Paragraph? Paragraph, Changes? Changes)> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var file = Path.GetFileName(path);
        if (await ParagraphAsync(path, file, cancellationToken).ConfigureAwait(false) is not { } paragraph)
            return (null, null);

        var mistaken = false;
        void Fatal(string text)
        {
            findings.Reject(file, text);
            mistaken = true;
        }

        var missing = Mandatory.Where(name => paragraph[name] is null or { Length: 0 }).ToList();
        if (missing.Count > 0)
            Fatal($"has no field {string.Join(", ", missing)}");
        var mistakes = Changes.FindMistakes(file, paragraph, out var changes);
        foreach (var mistake in mistakes.Where(mistake => !missing.Any(name => IsAbout(mistake, name))))
            Fatal($"is refused{(mistake.Line is { } line ? $", line {line}" : "")}: {mistake.Mistake}");
        CheckFormat(paragraph, Fatal);
        if (paragraph["Changed-By"] is { Length: > 0 } changedBy && MailPerson.TryParse(changedBy) is null)
            Fatal($"has the field Changed-By, which is not 'Name <address>': {FileName.Display(changedBy)}");
        if (changes is not null)
        {
            CheckName(file, changes, Fatal);
            CheckFiles(file, changes, Fatal);
            CheckRest(file, changes);
        }

        return (paragraph, mistaken ? null : changes);
    }

    private async Task<Paragraph?> ParagraphAsync(string path, string file, CancellationToken cancellationToken)
    {
        try
        {
            var paragraphs = await ControlReader.ReadFileAsync(path, cancellationToken).ConfigureAwait(false);
            if (paragraphs is [var paragraph])
                return paragraph;
            findings.Reject(file, paragraphs.Count == 0 ? "has no field in it" : "has more than one paragraph");
        }
        catch (ControlFileException e)
        {
            findings.Reject(file, $"can't be read{(e.Line is { } line ? $", line {line}" : "")}: {e.Mistake}");
        }

        return null;
    }

    /// <summary>Whether the parser says of a field what was said already: that it isn't there, or is empty.</summary>
    private static bool IsAbout(ControlFileException mistake, string field) =>
        mistake.Mistake == $"there is no field {field}" || mistake.Mistake == $"{field} is empty";

    private static void CheckFormat(Paragraph paragraph, Action<string> fatal)
    {
        var text = paragraph["Format"] ?? "1.5";
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var format)
            || format is < OldestFormat or > NewestFormat)
            fatal($"is of the format {FileName.Display(text)}, and 1.5 to 2.0 can be read");
    }

    private static void CheckName(string file, Changes changes, Action<string> fatal)
    {
        var parts = Path.GetFileNameWithoutExtension(file).Split('_');
        if (parts is not [var package, var version, { Length: > 0 }])
            fatal("is not called PACKAGE_VERSION_ARCHITECTURE.changes");
        else if (package != changes.Source)
            fatal($"is of the source package {FileName.Display(changes.Source)}");
        else if (version != DebNames.WithoutEpoch(changes.Version))
            fatal($"is of the version {FileName.Display(changes.Version)}");
        if (DebianVersion.TryParse(changes.Version) is null)
            fatal($"has the version {FileName.Display(changes.Version)}, which is none");
    }

    private void CheckFiles(string file, Changes changes, Action<string> fatal)
    {
        if (changes.Files.Count == 0)
            findings.Reject(file, "lists no files");
        foreach (var listed in changes.Files)
        {
            if (listed.Name == file)
            {
                fatal("lists itself");
                continue;
            }

            var kind = DebNames.KindOf(listed);
            if (kind is null)
                fatal($"lists {FileName.Display(listed.Name)}, which is neither a package nor a part of a source");
            if (kind is null or UploadFileKind.BuildInfo or UploadFileKind.Custom)
                continue; // the section of a .buildinfo is its source's, and nothing goes by it
            var (component, section) = DebNames.SplitSection(listed.Section!);
            if (!policy.Components.Contains(component))
                fatal($"lists {FileName.Display(listed.Name)} in the unknown component {FileName.Display(component)}");
            if (policy.Sections?.Contains(section) == false)
                fatal($"lists {FileName.Display(listed.Name)} in the unknown section {FileName.Display(section)}");
            else if (policy.Sections is null && !DebNames.Sections.Contains(section))
                findings.Warn(file, $"lists {FileName.Display(listed.Name)} in the unknown section {FileName.Display(section)}");
            if (!DebNames.Priorities.Contains(listed.Priority))
                findings.Warn(
                    file, $"lists {FileName.Display(listed.Name)} with the unknown priority {FileName.Display(listed.Priority!)}");
        }
    }

    private void CheckRest(string file, Changes changes)
    {
        foreach (var suite in changes.Distributions.Where(suite => policy.Suites?.Contains(suite) == false))
            findings.Reject(file, $"is for the unknown suite {FileName.Display(suite)}");
        if (changes.Paragraph["Urgency"] is { } urgency
            && !Urgencies.Contains(urgency.Split(' ', '(')[0], StringComparer.OrdinalIgnoreCase))
            findings.Warn(file, $"has the unknown urgency {FileName.Display(urgency)}, which is taken for low");
    }
}
