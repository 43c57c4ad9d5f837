using System.CommandLine;
using Buildd.Linux.Files;
using Buildd.Master.Builders;
using Buildd.Master.Connections;

namespace Buildd.Cli.Commands;

/// <summary>What can be said of a builder, alike when it is added and when it is changed.</summary>
internal sealed class BuilderOptions
{
    internal const string Yes = "yes";

    private readonly Option<string[]?> _processors = new("--processor", "-p")
    {
        Description = "A processor whose builds it takes, such as amd64; may be given several times.",
        HelpName = "NAME",
    };
    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = "The file with the token that its slave wants; '' for the configuration's, Builder-Token-File.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _manual = YesNo("--manual", "Whether it is looked at, but never given work.");
    private readonly Option<string?> _virtualized = YesNo("--virtualized", "Whether it is a virtual machine that is reset between builds.");
    private readonly Option<string?> _vmHost =
        new("--vm-host") { Description = "What the command that resets it is told.", HelpName = "NAME" };
    private readonly Option<string?> _vmReset = new("--vm-reset-protocol")
    {
        Description = "Whether that command resets it (1.1) or only asks for it (2.0).",
        HelpName = "1.1|2.0",
    };
    private readonly Option<string?> _clean = new("--clean")
    {
        Description = "Say that it is clean (what manages machines does for protocol 2.0), or dirty.",
        HelpName = "clean|dirty",
    };
    private readonly Option<string[]?> _open =
        new("--resource") { Description = "A word for what it has; may be given several times, '' for none.", HelpName = "WORD" };
    private readonly Option<string[]?> _restricted =
        new("--restricted-resource") { Description = "A word that builds must ask for to get it; '' for none.", HelpName = "WORD" };

    internal BuilderOptions()
    {
        _vmReset.AcceptOnlyFromAmong("1.1", "2.0");
        _clean.AcceptOnlyFromAmong("clean", "dirty");
    }

    internal void AddTo(Command command)
    {
        foreach (var option in (Option[])[_processors, _tokenFile, _manual, _virtualized, _vmHost, _vmReset, _clean, _open, _restricted])
            command.Options.Add(option);
    }

    /// <exception cref="ArgumentException">A value can't be used.</exception>
    /// <exception cref="SlaveKeyException">The file with the token can't be used.</exception>
    internal Builder Apply(ParseResult parsed, Builder builder, TimeProvider time)
    {
        if (Words(parsed, _processors) is { } processors)
            builder = builder with { Processors = processors };
        if (parsed.GetValue(_tokenFile) is { } file)
            builder = builder with { TokenFile = file.Length == 0 ? null : Path.GetFullPath(file) };
        if (builder is { TokenFile: not null, Url.UserInfo.Length: > 0 })
            throw new ArgumentException("The address has a user and a password, and there is a token file: only one of them can be sent.");
        if (builder.TokenFile is not null && parsed.GetValue(_tokenFile) is not null)
            SlaveConnections.CheckToken(builder.TokenFile);
        if (parsed.GetValue(_manual) is { } manual)
            builder = builder with { Manual = manual == Yes };
        if (parsed.GetValue(_virtualized) is { } virtualized)
            builder = builder with { Virtualized = virtualized == Yes };
        if (parsed.GetValue(_vmHost) is { } vmHost)
            builder = builder with { VmHost = vmHost.Length == 0 ? null : vmHost };
        if (parsed.GetValue(_vmReset) is { } protocol)
            builder = builder with { VmResetProtocol = protocol == "1.1" ? VmResetProtocol.Synchronous : VmResetProtocol.Triggered };
        if (parsed.GetValue(_clean) is { } clean)
            builder = builder.Made(clean == "clean" ? CleanState.Clean : CleanState.Dirty, time.GetUtcNow());
        if (Words(parsed, _open) is { } open)
            builder = builder with { OpenResources = open };
        if (Words(parsed, _restricted) is { } restricted)
            builder = builder with { RestrictedResources = restricted };
        return builder;
    }

    internal static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url is { Scheme: "http" or "https", Host.Length: > 0, Query: "", Fragment: "" }
        ? url
        : throw new FarmException(
            $"{FileName.Display(text)} is no address of a slave: one such as http://builder1:8221/ is expected")
        {
            ExitCode = FarmExitCode.Usage,
        };

    /// <summary>An option that is <c>yes</c>, <c>no</c> or not given.</summary>
    internal static Option<string?> YesNo(string name, string description) =>
        new Option<string?>(name) { Description = description, HelpName = "yes|no" }.AcceptOnlyFromAmong(Yes, "no");

    /// <summary>The words that were given, an empty one standing for none; null when none was given.</summary>
    private static string[]? Words(ParseResult parsed, Option<string[]?> option) =>
        parsed.GetValue(option) is { Length: > 0 } words ? [.. words.Where(word => word.Length > 0)] : null;
}
