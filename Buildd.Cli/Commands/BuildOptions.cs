using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Debian.Apt;
using Buildd.Debian.Packages;
using Buildd.Linux.Files;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands;

/// <summary>What all kinds of builds are asked for with.</summary>
internal sealed record BuildRequest
{
    internal required string Series { get; init; }

    /// <summary>Empty when nobody said.</summary>
    internal required IReadOnlyList<string> Architectures { get; init; }

    internal required string Distribution { get; init; }

    internal required string Owner { get; init; }

    internal required int Score { get; init; }

    /// <summary>The lines of sources.list, the series filled in.</summary>
    internal required IReadOnlyList<string> Sources { get; init; }

    internal required string? Requester { get; init; }

    internal required string? Key { get; init; }

    internal required bool Virtualized { get; init; }

    internal required IReadOnlyList<string> Resources { get; init; }

    /// <summary>Whether the build is queued though there is no chroot for it yet.</summary>
    internal required bool WithoutChroot { get; init; }

    /// <summary>What the kind of build leaves open.</summary>
    internal NewBuild Complete(NewBuild build) => build with
    {
        UniqueKey = Key is null ? null : $"{Key}/{build.Processor}",
        Virtualized = Virtualized,
        Resources = Resources,
    };
}

/// <summary>The options that all kinds of builds have.</summary>
internal sealed class BuildOptions
{
    private readonly Option<string?> _series =
        new("--series", "-s") { Description = "The series to build for (default: the configuration's).", HelpName = "NAME" };
    private readonly Option<string[]?> _arch = new("--arch", "-a")
    {
        Description = "An architecture to build for; may be given several times (default: each that has a chroot of the series, and "
            + "that a package is for).",
        HelpName = "NAME",
    };
    private readonly Option<string?> _distribution =
        new("--distribution", "-d") { Description = "The distribution (default: the configuration's).", HelpName = "NAME" };
    private readonly Option<string> _owner =
        new("--owner") { Description = "Whose build it is: owners share the farm.", HelpName = "NAME", DefaultValueFactory = _ => "" };
    private readonly Option<string?> _requester =
        new("--requester") { Description = "Who asked for it, 'Name <address>': gets mail when it fails.", HelpName = "PERSON" };
    private readonly Option<int> _score =
        new("--score") { Description = "The higher, the earlier.", HelpName = "NUMBER", DefaultValueFactory = _ => 0 };
    private readonly Option<string?> _key =
        new("--key") { Description = "If builds were queued with this key before, those are meant and none is added.", HelpName = "TEXT" };
    private readonly Option<string[]?> _source = new("--source")
    {
        Description = "A line of sources.list, in place of the configuration's; may be given several times.",
        HelpName = "LINE",
    };
    private readonly Option<bool> _virtualized = new("--virtualized") { Description = "Only virtual builders may build it." };
    private readonly Option<string[]?> _resources =
        new("--resource") { Description = "A word for what a builder must have; may be given several times.", HelpName = "WORD" };

    private readonly Option<bool> _withoutChroot =
        new("--without-chroot") { Description = "Queue it though there is no chroot for it: it waits until one is added." };

    internal BuildOptions()
    {
        _requester.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && MailPerson.TryParse(token.Value) is null)
                result.AddError($"--requester is {FileName.Display(token.Value)}, which is neither 'Name <address>' nor an address.");
        });
        _source.Validators.Add(result =>
        {
            try
            {
                foreach (var token in result.Tokens.Where(token => !ArchiveLine.IsBlank(token.Value)))
                    ArchiveLine.Parse(token.Value);
            }
            catch (ArchiveLineException e)
            {
                // The line itself may hold a password.
                result.AddError($"--source is no line of a sources.list: {e.Message}.");
            }
        });
        _resources.Validators.Add(result =>
        {
            if (result.Tokens.Count > NewBuild.MaxResources
                || result.Tokens.Any(token => token.Value.Length == 0 || token.Value.Any(char.IsWhiteSpace)))
                result.AddError($"--resource is a word without blanks, and there are at most {NewBuild.MaxResources}.");
        });
    }

    internal void AddTo(Command command)
    {
        foreach (
            var option in (Option[])[_series, _arch, _distribution, _owner, _requester, _score, _key, _source, _virtualized, _resources,
                _withoutChroot])
            command.Add(option);
    }

    /// <exception cref="FarmException">Nobody says which series is meant.</exception>
    internal BuildRequest Read(FarmSession session, ParseResult parsed)
    {
        var series = parsed.GetValue(_series) ?? session.Configuration.Series
            ?? throw new FarmException(
                "nobody says which series to build for: name it with --series, or in the configuration's field Series")
            {
                ExitCode = FarmExitCode.Usage,
            };
        var lines = parsed.GetValue(_source) is { Length: > 0 } given ? given : session.Configuration.Sources;
        return new BuildRequest
        {
            Series = series,
            Architectures = [.. (parsed.GetValue(_arch) ?? []).Distinct()],
            Distribution = parsed.GetValue(_distribution) ?? session.Configuration.Distribution,
            Owner = parsed.GetValue(_owner)!,
            Requester = parsed.GetValue(_requester),
            Score = parsed.GetValue(_score),
            Key = parsed.GetValue(_key),
            Sources =
            [
                .. lines.Where(line => !ArchiveLine.IsBlank(line))
                    .Select(line => line.Replace("%(series)s", series, StringComparison.Ordinal)),
            ],
            Virtualized = parsed.GetValue(_virtualized),
            Resources = parsed.GetValue(_resources) ?? [],
            WithoutChroot = parsed.GetValue(_withoutChroot),
        };
    }
}
