using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;
using Buildd.Cli.Application;
using Buildd.Cli.Commands.Archives;
using Buildd.Cli.Commands.LiveFilesystems;
using Buildd.Cli.Commands.People;
using Buildd.Cli.Commands.Setup;
using Buildd.Cli.Commands.Stores;
using Buildd.Farm.Configuration;
using Buildd.Farm.Rights;
using Buildd.Linux.Files;
using Buildd.Linux.Startup;

namespace Buildd.Cli.Commands;

/// <summary>The whole command line of <c>buildd-farm</c>.</summary>
internal static class FarmCommandLine
{
    /// <summary>The configuration, of all commands that work on the farm.</summary>
    internal static Option<string?> Configuration { get; } = new("--config", "-c")
    {
        Description = "The farm's configuration (default: $BUILDD_FARM_CONFIG, or "
            + $"{FarmConfiguration.DefaultPath} if it is there).",
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>The person for whom a command acts.</summary>
    internal static Option<string?> As { get; } = new("--as")
    {
        Description = "Act for this person, with their rights and no others (default: the machine's administrator, who may do everything).",
        HelpName = "NAME",
        Recursive = true,
    };

    /// <summary>
    /// Who may use a command of the farm: those that check it themselves, <see cref="Administrators"/> for the others. Commands are made
    /// anew
    /// for each command line.
    /// </summary>
    private static readonly ConditionalWeakTable<Command, string> Rights = [];

    private static readonly string Administrators = $"members of {Role.Administrator.ToName()}";

    /// <summary>Makes the whole command line.</summary>
    /// <param name="stored">Names in the store that words are completed with; none by default.</param>
    internal static RootCommand Create(StoredNames? stored = null)
    {
        var root = CreateRoot(stored ?? StoredNames.None);
        TellRights(root);
        return root;
    }

    private static void TellRights(Command command)
    {
        if (Rights.TryGetValue(command, out var who))
            command.Description += $" Who may: {who}.";
        foreach (var part in command.Subcommands)
            TellRights(part);
    }

    private static RootCommand CreateRoot(StoredNames stored) => new(
        """
        buildd-farm: a farm of builders for Debian packages.

        'run' hands builds to builders; the other commands work on the farm's store, whether 'run' runs or not.
        Exit codes: 0 done, 1 could not be done, 2 done but a build, builder or the store is not well, 64 wrong command line,
        66 no such thing, 75 busy (the store, the uploads), 77 not allowed, 78 wrong configuration,
        130 Ctrl-C, 141 nobody reads the output any more.
        """)
    {
        Configuration,
        As,
        SetupCommand.Create(),
        RunCommand.Create(),
        BuildersCommand.Create(),
        ChrootsCommand.Create(),
        DistributionsCommand.Create(),
        SeriesCommand.Create(),
        ArchitecturesCommand.Create(),
        ArchivesCommand.Create(),
        BuildCommand.Create(),
        QueueCommand.Create(),
        ShowCommand.Create(),
        LogCommand.Create(),
        ChangeCommands.CreateCancel(),
        ChangeCommands.CreateRescore(),
        RetryCommand.Create(),
        ProcessUploadCommand.Create(),
        ProcessUploadCommand.CreateRetry(),
        PruneCommand.Create(),
        LiveFsCommand.Create(),
        StoreCommand.Create(),
        PeopleCommand.Create(stored),
        TeamsCommand.Create(stored),
        TokenCommand.Create(stored),
        SettingsCommand.Create(),
        AuditCommand.Create(),
        CompletionCommand.Create(),
        ChrootCommand.Create(),
        SourceCommand.Create(),
    };

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">What came after the program's name.</param>
    /// <param name="output">For what was asked for; standard output by default.</param>
    /// <param name="error">For messages; standard error by default.</param>
    /// <param name="ownsProcess">Whether the process is for this command alone, which may then change its umask.</param>
    /// <returns>The exit code; see <see cref="FarmExitCode"/>.</returns>
    internal static async Task<int> InvokeAsync(
        string[] arguments, TextWriter? output = null, TextWriter? error = null, bool ownsProcess = false)
    {
        var parsed = Create(await StoredNames.ForAsync(arguments)).Parse(arguments);
        var configuration = new FarmInvocation { ProcessTerminationTimeout = null, OwnsProcess = ownsProcess };
        if (output is not null)
            configuration.Output = output;
        if (error is not null)
            configuration.Error = error;
        if (parsed.Action is not ParseErrorAction mistaken)
            return await InvokeAsync(parsed, configuration);
        mistaken.ShowHelp = false; // it would push the mistake off the screen
        await parsed.InvokeAsync(configuration);
        await configuration.Error.WriteLineAsync("'--help' says what can be given.");
        return FarmExitCode.Usage;
    }

    /// <summary>
    /// Runs a command. Those that open no session, such as help, would end with a stack trace where nobody reads what they write.
    /// </summary>
    private static async Task<int> InvokeAsync(ParseResult parsed, InvocationConfiguration configuration)
    {
        configuration.EnableDefaultExceptionHandler = parsed.Action is not SynchronousCommandLineAction;
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (IOException e) when (UnixFile.IsBrokenPipe(e))
        {
            return FarmExitCode.Unread;
        }
    }

    /// <summary>
    /// Says that a command checks itself what its actor may do, and has its help say who may. A command without this is for administrators.
    /// </summary>
    /// <param name="command">The command.</param>
    /// <param name="who">Those people, such as <c>members of admins</c>.</param>
    internal static Command WhoMay(this Command command, string who)
    {
        Rights.AddOrUpdate(command, who);
        return command;
    }

    /// <summary>Has a command open the farm, and turn what goes wrong into a sentence and an exit code.</summary>
    /// <param name="command">The command.</param>
    /// <param name="action">Its work, which returns the exit code.</param>
    /// <param name="stopping">The answer to Ctrl-C and the like.</param>
    /// <param name="makesStore">Whether the command makes a store that is missing. The others say that there is none.</param>
    /// <param name="waitsForStore">Whether the command waits for a store that can't be reached now.</param>
    internal static Command WithSession(
        this Command command, Func<FarmSession, ParseResult, CancellationToken, Task<int>> action, string stopping = "stopping",
        bool makesStore = false, bool waitsForStore = false)
    {
        Rights.TryAdd(command, Administrators); // WhoMay may have been before
        return command.WithConfiguration(
            async (place, parsed, stop) =>
            {
                await using var session = await place.OpenAsync(makesStore, waitsForStore, stop);
                if (Rights.TryGetValue(command, out var who) && who == Administrators)
                    (await session.ActorAsync(stop)).Demand($"use '{command.Name}'", Role.Administrator);
                return await action(session, parsed, stop);
            },
            stopping,
            isForAnybody: true);
    }

    /// <summary>Has a command read the configuration, and turn what goes wrong into a sentence and an exit code.</summary>
    /// <inheritdoc cref="WithSession"/>
    /// <param name="command">The command.</param>
    /// <param name="action">Its work, which returns the exit code.</param>
    /// <param name="stopping">The answer to Ctrl-C and the like.</param>
    /// <param name="isForAnybody">Whether somebody else looks at who asks; otherwise it is for the machine's administrator alone.</param>
    internal static Command WithConfiguration(
        this Command command, Func<FarmPlace, ParseResult, CancellationToken, Task<int>> action, string stopping = "stopping",
        bool isForAnybody = false)
    {
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            return Interruptible.RunAsync(command.Name, async stop =>
            {
                if (parsed.InvocationConfiguration is FarmInvocation { OwnsProcess: true })
                    InheritedState.TakeMask(StateFiles.Mask);
                if (!isForAnybody && parsed.GetValue(As) is not null)
                {
                    throw FarmException.NotAllowed(
                        $"'{command.Name}' is for whoever has the store itself, and people have no part in it: leave out --as");
                }

                var configuration = await FarmConfiguration.LoadAsync(parsed.GetValue(Configuration), stop);
                return await action(new FarmPlace(configuration, output, error, parsed.GetValue(As)), parsed, stop);
            }, error, stopped: "stopped", stopping: stopping);
        });
        return command;
    }

    /// <summary>The settings of one run of a command line.</summary>
    private sealed class FarmInvocation : InvocationConfiguration
    {
        /// <summary>Whether the process is for the command alone.</summary>
        internal bool OwnsProcess { get; init; }
    }
}
