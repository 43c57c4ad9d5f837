using System.CommandLine;
using System.Globalization;
using Buildd.Master.Uploads;

namespace Buildd.Farm.Uploads;

/// <summary><c>buildd-farm process-upload</c> and <c>buildd-farm retry-upload</c>: what builds left in <c>incoming/</c>.</summary>
internal static class ProcessUploadCommand
{
    /// <summary>Another process is at work in the same root: EX_TEMPFAIL of sysexits.h.</summary>
    internal const int Locked = 75;

    /// <summary>The configuration is wrong: EX_CONFIG of sysexits.h.</summary>
    internal const int BadConfiguration = 78;

    internal static Command Create()
    {
        var context = new Option<string>("--context", "-C")
        {
            Description = "The policy. Only 'buildd' is known here: the results of builds.",
            HelpName = "POLICY",
            DefaultValueFactory = _ => UploadProcessor.Context,
        };
        context.AcceptOnlyFromAmong(UploadProcessor.Context);
        var series = new Option<string?>("--series", "-s", "-r") { Description = "The suite that the upload is for; it is rejected if the build was for another.", HelpName = "SERIES" };
        var distribution = new Option<string?>("--distro", "-d") { Description = "The distribution; the upload is rejected if the build was for another.", HelpName = "NAME" };
        var build = new Option<string?>("--build", "-b") { Description = "The build that the leaf of -J is of: a number, or JOBTYPE-NUMBER.", HelpName = "BUILD" };
        var builds = new Option<bool>("--builds") { Description = "Leaf names name builds. They always do here." };
        var leaf = new Option<string?>("--just-leaf", "-J") { Description = "Only this leaf of incoming/; also one whose upload has failed before.", HelpName = "LEAF" };
        var noMails = new Option<bool>("--no-mails", "-M") { Description = "Send no mail, neither about the upload nor about the build." };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Only check: change nothing at all, and tell nobody." };
        var keep = new Option<bool>("--keep", "-K") { Description = "Leave leaves where they are." };
        var common = new CommonOptions();
        var command = new Command("process-upload", "Check what builds left in ROOT/incoming, hand it to the archive, and clear it away.")
        {
            context, series, distribution, build, builds, leaf, noMails, dryRun, keep,
        };
        common.AddTo(command);
        command.SetAction(parsed => common.RunAsync("process-upload", parsed, async (processor, stop) =>
        {
            var run = new UploadRun
            {
                Leaf = parsed.GetValue(leaf),
                BuildId = BuildId(parsed.GetValue(build)),
                Series = parsed.GetValue(series),
                Distribution = parsed.GetValue(distribution),
                NoMails = parsed.GetValue(noMails),
                Keep = parsed.GetValue(keep),
                DryRun = parsed.GetValue(dryRun),
            };
            return await processor.RunAsync(run, stop);
        }));
        return command;
    }

    internal static Command CreateRetry()
    {
        var build = new Argument<string>("BUILD") { Description = "The build whose upload has failed: a number, or JOBTYPE-NUMBER." };
        var common = new CommonOptions();
        var command = new Command("retry-upload", "Process the upload of a build again that is FAILEDTOUPLOAD. Its leaf is looked for in rejected/ and failed/; nobody gets mail.") { build };
        common.AddTo(command);
        command.SetAction(parsed => common.RunAsync("retry-upload", parsed, async (processor, stop) =>
            [await processor.RetryUploadAsync(BuildId(parsed.GetValue(build))!.Value, stop)]));
        return command;
    }

    /// <exception cref="FarmException">It is no build.</exception>
    private static long? BuildId(string? text)
    {
        if (text is null)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0)
            return id;
        return LeafName.TryParse(text) is { } cookie && text == $"{cookie.JobType}-{cookie.BuildId.ToString(CultureInfo.InvariantCulture)}"
            ? cookie.BuildId
            : throw new FarmException($"'{Printable.Text(text)}' is no build: a number is expected, or JOBTYPE-NUMBER");
    }

    /// <summary>The options that both commands have.</summary>
    private sealed class CommonOptions
    {
        private readonly Argument<string> _root = new("ROOT") { Description = "The folder that holds incoming/." };
        private readonly Option<string?> _configuration = new("--config") { Description = "The archive, the records, who gets mail; see docs/uploads.md.", HelpName = "FILE" };
        private readonly Option<int> _wait = new("--wait") { Description = "How long to wait for another process that is at work in ROOT.", HelpName = "SECONDS" };
        private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Say more; may be given several times.", Arity = ArgumentArity.Zero };
        private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Say only what is wrong.", Arity = ArgumentArity.Zero };
        private readonly Option<string?> _logFile = new("--log-file") { Description = "Also write a log; LEVEL is DEBUG, INFO, WARNING or ERROR.", HelpName = "LEVEL:FILE" };

        internal void AddTo(Command command)
        {
            command.Add(_configuration);
            command.Add(_wait);
            command.Add(_verbose);
            command.Add(_quiet);
            command.Add(_logFile);
            command.Add(_root);
        }

        internal Task<int> RunAsync(
            string name, ParseResult parsed, Func<UploadProcessor, CancellationToken, Task<IReadOnlyList<ProcessedLeaf>>> run) => Interruptible.RunAsync(name, async stop =>
        {
            var root = Path.GetFullPath(parsed.GetValue(_root)!);
            using var file = OpenLog(parsed.GetValue(_logFile), out var fileLevel);
            var level = parsed.GetValue(_verbose) ? LogLevel.Debug : parsed.GetValue(_quiet) ? LogLevel.Warning : LogLevel.Information;
            var targets = new List<(TextWriter, LogLevel, bool)> { (Console.Error, level, false) };
            if (file is not null)
                targets.Add((file, fileLevel, true));
            using var loggers = new LineLoggers(targets, TimeProvider.System);
            UploadProcessor processor;
            try
            {
                var configuration = await UploadConfiguration.ReadAsync(parsed.GetValue(_configuration), root, stop);
                processor = configuration.MakeProcessor(root, TimeSpan.FromSeconds(parsed.GetValue(_wait)), loggers);
            }
            catch (Exception e) when (e is FarmException or Master.Mail.MailException)
            {
                await Console.Error.WriteLineAsync($"{name}: {e.Message}");
                return BadConfiguration;
            }

            try
            {
                foreach (var leaf in await run(processor, stop))
                    Console.WriteLine($"{leaf.Outcome.ToString().ToUpperInvariant()} {Printable.Text(leaf.Leaf)}");
                return 0;
            }
            catch (UploadsLockedException e)
            {
                await Console.Error.WriteLineAsync($"{name}: {e.Message}");
                return Locked;
            }
        });

        private static StreamWriter? OpenLog(string? text, out LogLevel level)
        {
            level = LogLevel.None;
            if (text is null)
                return null;
            var parts = text.Split(':', 2);
            level = parts is [var name, { Length: > 0 }]
                ? name.ToUpperInvariant() switch
                {
                    "DEBUG" => LogLevel.Debug,
                    "INFO" => LogLevel.Information,
                    "WARNING" => LogLevel.Warning,
                    "ERROR" => LogLevel.Error,
                    _ => LogLevel.None,
                }
                : LogLevel.None;
            return level == LogLevel.None
                ? throw new FarmException($"'{Printable.Text(text)}' is no LEVEL:FILE, such as INFO:/var/log/uploads.log")
                : new StreamWriter(parts[1], append: true);
        }
    }
}
