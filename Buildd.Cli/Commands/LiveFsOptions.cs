using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Buildd.Master.Builds;
using Buildd.Master.Jobs;
using Buildd.Master.Jobs.LiveFs;
using Buildd.Protocol.XmlRpc;

namespace Buildd.Cli.Commands;

/// <summary>What <c>buildd-farm build --livefs</c> takes: the arguments of the slaves' manager <c>livefs</c>.</summary>
internal sealed class LiveFsOptions
{
    private readonly Option<string> _pocket =
        new("--pocket") { Description = "Launchpad's pocket.", HelpName = "NAME", DefaultValueFactory = _ => "release" };
    private readonly Option<string?> _uniqueKey = new("--unique-key")
    {
        Description = "What tells several builds of one live filesystem apart in the names of their logs.",
        HelpName = "TEXT",
    };
    private readonly Option<string?> _dateStamp =
        new("--datestamp") { Description = "The image's version, which its files get too.", HelpName = "TEXT" };
    private readonly Option<string?> _tool =
        new("--image-tool") { Description = "What makes the image: live-build (the slave's default) or mmdebstrap.", HelpName = "NAME" };
    private readonly Option<string?> _branch =
        new("--config-branch") { Description = "The URL of the branch with live-build's configuration.", HelpName = "URL" };
    private readonly Option<string?> _ref = new("--config-ref") { Description = "A branch, tag or commit of it.", HelpName = "REF" };
    private readonly Option<string?> _path = new("--config-path") { Description = "The folder in it.", HelpName = "PATH" };
    private readonly Option<string[]?> _lbOptions = new("--lb-option")
    {
        Description = "An option of 'lb config', written --lb-option=--OPTION; may be given several times.",
        HelpName = "OPTION",
    };
    private readonly Option<string[]?> _variables =
        new("--env") { Description = "A variable for live-build; may be given several times.", HelpName = "NAME=VALUE" };
    private readonly Option<string[]?> _texts = new("--arg")
    {
        Description = "Another argument of the manager, such as subproject=minimized; may be given several times.",
        HelpName = "NAME=TEXT",
    };
    private readonly Option<string[]?> _values = new("--json-arg")
    {
        Description = "The same with a value in JSON, such as extra_ppas='[\"ada/ppa\"]' or debug=true.",
        HelpName = "NAME=JSON",
    };

    internal LiveFsOptions()
    {
        Project.Validators.Add(
            result => Require(
                result, text => FileName.FindMistake(text) is null
                    && !text.Contains(' ', StringComparison.Ordinal), "a name, of which files' names are made"));
        _tool.AcceptOnlyFromAmong(LiveFsChecks.Tools);
        _pocket.AcceptOnlyFromAmong("release", "security", "updates", "proposed", "backports");
        foreach (var option in (Option[])[_variables, _texts])
            option.Validators.Add(result => Require(result, text => text.IndexOf('=', StringComparison.Ordinal) > 0, "NAME=VALUE"));
        _values.Validators.Add(result => Require(result, text => Split(text) is { } pair && TryParse(pair.Value) is not null, "NAME=JSON"));
    }

    /// <summary>What is built. With it, no source package is.</summary>
    internal Option<string?> Project { get; } =
        new("--livefs") { Description = "Build this live filesystem or image, in place of a source package.", HelpName = "PROJECT" };

    /// <summary>The options that only live filesystems have.</summary>
    internal IReadOnlyList<Option> Details =>
        [_pocket, _uniqueKey, _dateStamp, _tool, _branch, _ref, _path, _lbOptions, _variables, _texts, _values];

    internal void AddTo(Command command)
    {
        command.Add(Project);
        foreach (var option in Details)
            command.Add(option);
    }

    /// <summary>The builds, one for each architecture.</summary>
    /// <exception cref="FarmException">There is no chroot, an argument is there twice, or can't go over the wire.</exception>
    internal IReadOnlyList<NewBuild> Read(BuildRequest request, ParseResult parsed, IReadOnlyList<ChrootRecord> chroots)
    {
        var architectures = request.Architectures.Count > 0
            ? request.Architectures
            : [.. chroots.Where(chroot => chroot.Series == request.Series).Select(chroot => chroot.ArchTag)];
        if (architectures.Count == 0)
        {
            throw FarmException.NotFound(
                $"there is no chroot of {request.Series}: add one with 'buildd-farm chroots add', or name the architecture with --arch "
                    + "and --without-chroot and add it later");
        }

        BuildChecks.RequireChroots(request, architectures, chroots);
        var others = ReadOthers(parsed);
        LiveFsSpecification[] images =
        [
            .. architectures.Select(tag => new LiveFsSpecification
            {
                Project = parsed.GetValue(Project)!,
                Series = request.Series,
                ArchTag = tag,
                Pocket = parsed.GetValue(_pocket)!,
                UniqueKey = parsed.GetValue(_uniqueKey),
                DateStamp = parsed.GetValue(_dateStamp),
                ImageTool = parsed.GetValue(_tool),
                ConfigBranch = parsed.GetValue(_branch),
                ConfigRef = parsed.GetValue(_ref),
                ConfigPath = parsed.GetValue(_path),
                LbOptions = parsed.GetValue(_lbOptions) ?? [],
                Environment = ToDictionary("--env", (parsed.GetValue(_variables) ?? []).Select(text => Split(text)!.Value)),
                Archives = request.Sources,
                Others = others,
                Requester = request.Requester,
            }),
        ];
        LiveFsChecks.Require(images[0]); // they differ in the architecture only
        return BuildChecks.Make(images.Select(image => image.ToNewBuild(request.Distribution, request.Owner, request.Score)));
    }

    private XmlRpcStruct ReadOthers(ParseResult parsed)
    {
        try
        {
            return new XmlRpcStruct(ToDictionary(
                "--arg",
                (parsed.GetValue(_texts) ?? []).Select(text => Split(text)!.Value).Select(pair => (pair.Name, (XmlRpcValue)pair.Value))
                    .Concat((parsed.GetValue(_values) ?? []).Select(text => Split(text)!.Value)
                        .Select(pair => (pair.Name, OthersConverter.ReadValue(TryParse(pair.Value)!.Value))))));
        }
        catch (JsonException e)
        {
            throw new FarmException(e.Message, e) { ExitCode = FarmExitCode.Usage };
        }
    }

    private static void Require(OptionResult result, Func<string, bool> isGood, string expected)
    {
        if (result.Tokens.FirstOrDefault(token => !isGood(token.Value)) is { } bad)
            result.AddError($"{result.Option.Name} is {FileName.Display(bad.Value)}, and should be {expected}.");
    }

    private static (string Name, string Value)? Split(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (text[..at], text[(at + 1)..]) : null;

    private static JsonElement? TryParse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Dictionary<string, T> ToDictionary<T>(string option, IEnumerable<(string Name, T Value)> pairs)
    {
        var all = new Dictionary<string, T>(StringComparer.Ordinal);
        foreach (var (name, value) in pairs)
        {
            if (!all.TryAdd(name, value))
                throw new FarmException($"{option} gives {FileName.Display(name)} twice") { ExitCode = FarmExitCode.Usage };
        }

        return all;
    }
}
