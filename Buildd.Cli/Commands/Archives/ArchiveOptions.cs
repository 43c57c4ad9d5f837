using System.CommandLine;
using Buildd.Farm.Archives;

namespace Buildd.Cli.Commands.Archives;

/// <summary>What can be said of an archive, alike when it is made and when it is changed.</summary>
internal sealed class ArchiveOptions
{
    private readonly Option<string?> _displayName = Given.TextOption("--display-name", "The name for people (default: the name).", "TEXT");
    private readonly Option<string?> _description = Given.TextOption("--description", "Text about it.", "TEXT");
    private readonly Option<string?> _private = BuilderOptions.YesNo(
        "--private", "Whether only its owner's members see it; what a private team owns always is.");
    private readonly Option<string?> _enabled = BuilderOptions.YesNo("--enabled", "Whether anything is built for it (default: yes).");
    private readonly Option<string?> _virtualized = BuilderOptions.YesNo(
        "--require-virtualized", "Whether its builds need builders that are virtual machines (default: yes).");
    private readonly Option<int?> _score = new("--relative-score")
    {
        Description = "What is added to the scores of its builds (default: 0).",
        HelpName = "NUMBER",
    };
    private readonly Option<string?> _rebuilds = BuilderOptions.YesNo(
        "--allow-rebuilds", "Whether what was built may be built again (default: no).");
    private readonly Option<string[]?> _components = Given.WordsOption(
        "--component", "A component that it has; may be given several times (default: main).", "NAME");
    private readonly Option<string[]?> _architectures = Given.WordsOption(
        "--arch", "An architecture that it is for; may be given several times, '' for all of the series (default).", "ARCH");
    private readonly Option<string?> _url = Given.TextOption("--url", "Where apt finds it; '' while it is nowhere.", "URL");
    private readonly Option<string[]?> _lines = Given.WordsOption(
        "--external-line",
        "A line for apt that its builds get besides, with %(series)s for the series; may be given several times, '' for none.",
        "LINE");
    private readonly Option<string?> _key = Given.TextOption(
        "--signing-key", "The fingerprint of the key that signs it; '' for none.", "FINGERPRINT");
    private readonly Option<string?> _publication = Given.TextOption(
        "--publication", "'directory FOLDER' or 'reprepro FOLDER', where it is published; '' for nowhere.", "WORDS");

    internal void AddTo(Command command)
    {
        foreach (var option in (Option[])
            [
                _displayName, _description, _private, _enabled, _virtualized, _score, _rebuilds, _components, _architectures, _url, _lines,
                _key, _publication,
            ])
            command.Options.Add(option);
    }

    internal Archive Apply(ParseResult parsed, Archive archive) => archive with
    {
        DisplayName = parsed.GetValue(_displayName) ?? archive.DisplayName,
        Description = parsed.GetValue(_description) ?? archive.Description,
        IsPrivate = Given.IsYes(parsed, _private) ?? archive.IsPrivate,
        Enabled = Given.IsYes(parsed, _enabled) ?? archive.Enabled,
        RequireVirtualized = Given.IsYes(parsed, _virtualized) ?? archive.RequireVirtualized,
        RelativeScore = parsed.GetValue(_score) ?? archive.RelativeScore,
        AllowRebuilds = Given.IsYes(parsed, _rebuilds) ?? archive.AllowRebuilds,
        Components = Given.Words(parsed, _components) ?? archive.Components,
        Architectures = Given.Words(parsed, _architectures) ?? archive.Architectures,
        Url = parsed.GetValue(_url) is { } url ? Given.OrNone(url) : archive.Url,
        ExternalLines = Given.Words(parsed, _lines) ?? archive.ExternalLines,
        SigningKey = parsed.GetValue(_key) is { } key ? Given.OrNone(Digits(key)) : archive.SigningKey,
        Publication = parsed.GetValue(_publication) is { } publication ? Given.OrNone(publication) : archive.Publication,
    };

    /// <summary>A fingerprint as gpg shows it has blanks in it.</summary>
    private static string Digits(string fingerprint) => fingerprint.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();
}
