using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Builds;
using Buildd.Linux.Text;
using Buildd.Master.Uploads;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm process-upload</c> and <c>buildd-farm retry-upload</c>: what builds left in <c>incoming/</c>.</summary>
internal static class ProcessUploadCommand
{
    internal static Command Create()
    {
        var context = new Option<string>("--context", "-C")
        {
            Description = "The policy. Only 'buildd' is known here: the results of builds.",
            HelpName = "POLICY",
            DefaultValueFactory = _ => UploadProcessor.Context,
        };
        context.AcceptOnlyFromAmong(UploadProcessor.Context);
        var series = new Option<string?>("--series", "-s", "-r")
        {
            Description = "The suite that the upload is for; it is rejected if the build was for another.",
            HelpName = "SERIES",
        };
        var distribution = new Option<string?>("--distro", "-d")
        {
            Description = "The distribution; the upload is rejected if the build was for another.",
            HelpName = "NAME",
        };
        var build = BuildName.Option("--build", "-b");
        build.Description = "The build that the leaf of -J is of: a number, or JOBTYPE-NUMBER.";
        var builds = new Option<bool>("--builds") { Description = "Leaf names name builds. They always do here." };
        var leaf = new Option<string?>("--just-leaf", "-J")
        {
            Description = "Only this leaf of incoming/; also one whose upload has failed before.",
            HelpName = "LEAF",
        };
        var noMails = new Option<bool>("--no-mails", "-M") { Description = "Send no mail, neither about the upload nor about the build." };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Only check: change nothing at all, and tell nobody." };
        var keep = new Option<bool>("--keep", "-K") { Description = "Leave leaves where they are." };
        var common = new CommonOptions();
        var command = new Command("process-upload", "Check what builds left in ROOT/incoming, hand it to the archive, and clear it away.")
        {
            context, series, distribution, build, builds, leaf, noMails, dryRun, keep,
        };
        common.AddTo(command);
        return command.WithSession((session, parsed, stop) => common.RunAsync(session, parsed, async processor =>
        {
            var named = parsed.GetValue(build) is { } name ? await session.FindBuildAsync(name, BuildRights.Administer, stop) : null;
            return await processor.RunAsync(
                new UploadRun
                {
                    Leaf = parsed.GetValue(leaf),
                    BuildId = named?.Id,
                    Series = parsed.GetValue(series),
                    Distribution = parsed.GetValue(distribution),
                    NoMails = parsed.GetValue(noMails),
                    Keep = parsed.GetValue(keep),
                    DryRun = parsed.GetValue(dryRun),
                },
                stop);
        }, stop));
    }

    internal static Command CreateRetry()
    {
        var builds = BuildName.Arguments();
        var common = new CommonOptions(hasRoot: false);
        var command = new Command(
            "retry-upload", "Process the uploads of builds again that are FAILEDTOUPLOAD. Their leaves are looked for in rejected/ and "
                + "failed/; nobody gets mail.") { builds };
        common.AddTo(command);
        return command.WithSession((session, parsed, stop) => common.RunAsync(session, parsed, async processor =>
        {
            var processed = new List<ProcessedLeaf>();
            foreach (var name in parsed.GetValue(builds)!)
            {
                var build = await session.FindBuildAsync(name, BuildRights.Administer, stop);
                processed.Add(await processor.RetryUploadAsync(build.Id, stop));
            }

            return processed;
        }, stop));
    }

    /// <summary>The options that both commands have.</summary>
    private sealed class CommonOptions(bool hasRoot = true)
    {
        private readonly Argument<string?> _root = new("ROOT")
        {
            Description = "The folder that holds incoming/ (default: the configuration's Results).",
            Arity = ArgumentArity.ZeroOrOne,
        };
        private readonly Option<int> _wait = new("--wait")
        {
            Description = "How long to wait for another process that is at work there, such as 'run'.",
            HelpName = "SECONDS",
        };
        private readonly Option<bool> _verbose =
            new("--verbose", "-v") { Description = "Say more; may be given several times.", Arity = ArgumentArity.Zero };
        private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Say only what is wrong.", Arity = ArgumentArity.Zero };
        private readonly Option<bool> _json = Listing.JsonOption();
        private readonly Option<string?> _logFile =
            new("--log-file") { Description = "Also write a log; LEVEL is DEBUG, INFO, WARNING or ERROR.", HelpName = "LEVEL:FILE" };

        internal void AddTo(Command command)
        {
            _logFile.Validators.Add(result =>
            {
                if (result.Tokens is [var token] && LevelOf(token.Value) == LogLevel.None)
                    result.AddError($"'{Printable.Text(token.Value)}' is no LEVEL:FILE, such as INFO:/var/log/uploads.log");
            });
            command.Add(_wait);
            command.Add(_verbose);
            command.Add(_quiet);
            command.Add(_logFile);
            command.Add(_json);
            if (hasRoot)
                command.Add(_root);
        }

        internal async Task<int> RunAsync(
            FarmSession session, ParseResult parsed, Func<UploadProcessor, Task<IReadOnlyList<ProcessedLeaf>>> run, CancellationToken stop)
        {
            FarmEnvironment.Clear();
            var given = hasRoot ? parsed.GetValue(_root) : null;
            using var file = OpenLog(parsed.GetValue(_logFile), out var fileLevel);
            var level = parsed.GetValue(_verbose) ? LogLevel.Debug : parsed.GetValue(_quiet) ? LogLevel.Warning : LogLevel.Information;
            var targets = new List<(TextWriter, LogLevel, bool)> { (session.Error, level, false) };
            if (file is not null)
                targets.Add((file, fileLevel, true));
            using var loggers = new LineLoggers(targets, session.Time);
            var spool = session.Configuration.Uploads.MakeSpool(session.Time, loggers);
            var processor = session.Configuration.Uploads.MakeProcessor(
                given is null ? session.Configuration.Results : Path.GetFullPath(given),
                TimeSpan.FromSeconds(parsed.GetValue(_wait)),
                session.Store.Builds,
                session.Kinds,
                session.Configuration.Uploads.MakeMail(spool, session.Store.Builds, session.Kinds, loggers),
                session.Time,
                loggers);
            var processed = await run(processor);
            if (spool is not null)
                await spool.SendDueAsync(stop); // for farms whose uploads are processed by cron alone
            if (parsed.GetValue(_json))
            {
                Listing.WriteJson(session.Output, processed, RecordJson.Write);
                return FarmExitCode.Done;
            }

            foreach (var leaf in processed)
                await session.Output.WriteLineAsync($"{leaf.Outcome.ToString().ToUpperInvariant()} {Printable.Text(leaf.Leaf)}");
            return FarmExitCode.Done;
        }

        private static StreamWriter? OpenLog(string? text, out LogLevel level)
        {
            level = text is null ? LogLevel.None : LevelOf(text);
            return text is null ? null : new StreamWriter(text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..], append: true);
        }

        private static LogLevel LevelOf(string text) => text.Split(':', 2) is [var name, { Length: > 0 }]
            ? name.ToUpperInvariant() switch
            {
                "DEBUG" => LogLevel.Debug,
                "INFO" => LogLevel.Information,
                "WARNING" => LogLevel.Warning,
                "ERROR" => LogLevel.Error,
                _ => LogLevel.None,
            }
            : LogLevel.None;
    }
}
