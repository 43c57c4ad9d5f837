using System.CommandLine;
using System.CommandLine.Parsing;
using Buildd.Linux.Files;
using Buildd.Master.Builds;

namespace Buildd.Cli.Commands;

/// <summary>The options that choose builds by what they are, for the commands that list or change many.</summary>
internal sealed class BuildFilterOptions
{
    private readonly Option<BuildState?> _state = new("--state")
    {
        Description = "Those in this state, such as NEEDSBUILD or FAILEDTOBUILD.",
        HelpName = "NAME",
        CustomParser = ParseState,
    };

    private readonly Option<string?> _owner = new("--owner") { Description = "Those of this owner.", HelpName = "NAME" };
    private readonly Option<string?> _subject = new("--source") { Description = "Those of this source package.", HelpName = "NAME" };
    private readonly Option<string?> _arch = new("--arch", "-a") { Description = "Those for this processor.", HelpName = "NAME" };

    private readonly Option<string?> _builder = new("--builder")
    {
        Description = "Those on, or built by, this builder.",
        HelpName = "NAME",
    };

    internal IEnumerable<Option> All => [_state, _owner, _subject, _arch, _builder];

    /// <summary>Whether any of them was given.</summary>
    internal bool IsGiven(ParseResult parsed) => All.Any(option => parsed.GetResult(option) is not null);

    internal BuildFilter Read(ParseResult parsed) => new()
    {
        State = parsed.GetValue(_state),
        Owner = parsed.GetValue(_owner),
        Subject = parsed.GetValue(_subject),
        Processor = parsed.GetValue(_arch),
        Builder = parsed.GetValue(_builder),
    };

    private static BuildState? ParseState(ArgumentResult result)
    {
        if (BuildNames.TryParse(result.Tokens[0].Value.ToUpperInvariant(), out var state))
            return state;
        result.AddError(
            $"{FileName.Display(result.Tokens[0].Value)} is no state; there are "
                + $"{string.Join(", ", Enum.GetValues<BuildState>().Select(known => known.ToName()))}.");
        return null;
    }
}
