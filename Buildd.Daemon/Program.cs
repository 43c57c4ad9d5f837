using System.CommandLine;
using System.Reflection;
using Buildd.Daemon;
using Buildd.Daemon.Configuration;
using Buildd.Linux.Startup;

const string ConfigurationVariable = "BUILDD_CONFIG";

InheritedState.Reset(handlesHangUp: true);

if (args is [Buildd.Backends.Root.RootProgram.Name, .. var operation])
{
    InheritedState.KeepVariables("SUDO_UID", "BUILDD_*");
    return await Buildd.Daemon.Root.RootCommand.RunAsync(operation);
}

// Builds are to have nothing of the starter's. HOME is where they take place by default, and the proxies are the machine's way out.
InheritedState.KeepVariables(
    "HOME", "BUILDD_*", "DOTNET_ROOT*", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
    "NO_PROXY", "NOTIFY_SOCKET", "WATCHDOG_*", "LISTEN_*", "JOURNAL_STREAM");

var version = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
var configurationOption = new Option<string?>("--config")
{
    Description = $"The configuration file (default: the environment variable {ConfigurationVariable}).",
    HelpName = "FILE",
};
var checkOption = new Option<bool>("--check")
{
    Description = "Read the configuration, print what was understood, and end: with 0, or with 78 and every mistake.",
};
var bindHostOption = new Option<string?>("--bindhost")
{
    Description = "Listen at this address, whatever 'bindhost' says; an address behind 'bindport' still goes before it.",
    HelpName = "ADDRESS",
};
var logOption = new Option<string?>("--log")
{
    Description = "Write the daemon's own log to this file, whatever 'log' says.",
    HelpName = "FILE",
};
var stateOption = new Option<string?>("--state")
{
    Description = "Keep what the slave remembers in this folder and not in the work folder, which several slaves can then share.",
    HelpName = "DIRECTORY",
};
var untilStdinCloses = new Option<bool>("--until-stdin-closes")
{
    Description = "Stop when standard input ends, for whoever starts a slave of its own: it then never outlives its starter.",
};
var versionOption = new Option<bool>("--version")
{
    Description = "Print the version.",
};
var verboseOption = new Option<bool>("--verbose")
{
    Description = "With --version: print also the form that the program was published in, native code or one file of .NET.",
};
var root = new RootCommand(
    """
    buildd-slave: builds Debian packages for a master that speaks the builder protocol.

    It runs in the foreground. SIGTERM ends it, after a running build was taken down; SIGHUP opens the log file again.
    The protocol knows no passwords: let it listen where only your master reaches it.
    As an ordinary user it has what needs root done through sudo: 'buildd-slave root --help'.
    """)
{
    configurationOption, checkOption, bindHostOption, logOption, stateOption, untilStdinCloses, versionOption, verboseOption,
};
root.Options.Remove(root.Options.OfType<VersionOption>().Single()); // the library's knows no second line
root.Validators.Add(result =>
{
    if (result.GetValue(verboseOption) && !result.GetValue(versionOption))
        result.AddError("--verbose needs --version.");
});
root.SetAction((parsed, cancellationToken) =>
{
    if (parsed.GetValue(versionOption))
        return SlaveProgram.PrintVersionAsync(version, parsed.GetValue(verboseOption));
    var path = parsed.GetValue(configurationOption) ?? Environment.GetEnvironmentVariable(ConfigurationVariable);
    if (string.IsNullOrEmpty(path))
        return SlaveProgram.FailAsync($"no configuration: give --config FILE or set {ConfigurationVariable}");
    var overrides = new ConfigurationOverrides
    {
        BindHost = parsed.GetValue(bindHostOption),
        Log = parsed.GetValue(logOption),
        State = parsed.GetValue(stateOption),
    };
    return parsed.GetValue(checkOption)
        ? SlaveProgram.CheckAsync(path, version, overrides)
        : SlaveProgram.RunAsync(path, version, overrides, parsed.GetValue(untilStdinCloses));
});
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
