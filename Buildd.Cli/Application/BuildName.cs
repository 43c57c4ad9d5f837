using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Protocol;

namespace Buildd.Cli.Application;

/// <summary>How a person names a build: <c>7</c> or <c>PACKAGEBUILD-7</c>.</summary>
internal sealed record BuildName(long Id, string? JobType)
{
    internal bool IsOf(Build build) => build.Id == Id && (JobType is null || JobType == build.JobType);

    internal static Argument<BuildName> Argument() => new("BUILD")
    {
        Description = "The build: its number, or JOBTYPE-NUMBER.",
        CustomParser = Parse,
    };

    internal static Option<BuildName?> Option(string name, params string[] aliases) => new(name, aliases)
    {
        HelpName = "BUILD",
        CustomParser = Parse,
    };

    /// <param name="mayBeNone">Whether the builds may be chosen in another way.</param>
    internal static Argument<BuildName[]> Arguments(bool mayBeNone = false) => new("BUILD")
    {
        Description = "The builds: their numbers, or JOBTYPE-NUMBER.",
        Arity = mayBeNone ? ArgumentArity.ZeroOrMore : ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            var names = result.Tokens.Select(token => Parse(token.Value)).ToArray();
            if (Array.IndexOf(names, null) is var bad and >= 0)
                result.AddError(Mistake(result.Tokens[bad].Value));
            return names!;
        },
    };

    public override string ToString() => JobType is null ? Id.ToString(CultureInfo.InvariantCulture) : $"{new BuildCookie(JobType, Id)}";

    private static BuildName? Parse(ArgumentResult result)
    {
        var name = Parse(result.Tokens[0].Value);
        if (name is null)
            result.AddError(Mistake(result.Tokens[0].Value));
        return name;
    }

    private static string Mistake(string text) => $"{FileName.Display(text)} names no build: a number is expected, or JOBTYPE-NUMBER.";

    private static BuildName? Parse(string text)
    {
        if (BuildCookie.TryParse(text, out var cookie))
            return new BuildName(cookie.Id, cookie.JobType);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0 ? new BuildName(id, null) : null;
    }
}
