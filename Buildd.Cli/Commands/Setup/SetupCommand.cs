using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Cli.Commands.People;
using Buildd.Farm.Chroots;
using Buildd.Linux.Files;
using Buildd.Linux.Processes;
using Buildd.Linux.Text;

namespace Buildd.Cli.Commands.Setup;

/// <summary><c>buildd-farm setup</c>: the first start of a farm.</summary>
internal static class SetupCommand
{
    /// <summary>Stands for a chroot that is added later.</summary>
    private const string None = "none";

    internal static System.CommandLine.Command Create()
    {
        var yes = new Option<bool>("--yes", "-y") { Description = "Ask nothing: what isn't given is this machine's, or the default." };
        var admin = new Option<string?>("--admin") { Description = "The name of the first administrator.", HelpName = "NAME" };
        var email = new Option<string?>("--email") { Description = "Their address of mail.", HelpName = "ADDRESS" };
        var password = new PasswordOptions();
        var distribution = new Option<string?>("--distribution")
        {
            Description = "The distribution (default: the configuration's).",
            HelpName = "NAME",
        };
        var series = new Option<string?>("--series") { Description = "Its series (default: this machine's).", HelpName = "NAME" };
        var architecture = new Option<string?>("--architecture", "-a")
        {
            Description = "An architecture of it (default: this machine's).",
            HelpName = "NAME",
        };
        var mirror = new Option<string?>("--mirror")
        {
            Description = "Where builds get the packages of the primary archive from (default: where this machine does).",
            HelpName = "URL",
        };
        var chroot = new Option<string?>("--chroot")
        {
            Description = $"The chroot's tarball, or '{None}' to add one later (default: one of this machine's release is made, by root).",
            HelpName = "FILE",
        };
        var (cache, work) = (ChrootOptions.Cache(), ChrootOptions.Work());
        var command = new System.CommandLine.Command(
            "setup",
            "Set up a new farm: its first administrator, a distribution with a series, an architecture and a chroot, and a primary "
            + "archive. What is missing is asked for at the terminal. If it is interrupted, the same command goes on.")
        {
            yes, admin, email, distribution, series, architecture, mirror, chroot, cache, work,
        };
        password.AddTo(command);
        return command.WithSession(async (session, parsed, stop) =>
        {
            var questions = new Questions(session, parsed.GetValue(yes));
            var host = await DetectAsync(stop);
            var plan = new FarmPlan
            {
                Admin = await questions.AskAsync(parsed.GetValue(admin), "--admin", "Name of the first administrator", null, stop),
                Email = await questions.AskAsync(parsed.GetValue(email), "--email", "Their address of mail", null, stop),
                Password = await password.ReadAsync(session, parsed, stop),
                Distribution = await questions.AskAsync(
                    parsed.GetValue(distribution), "--distribution", "Distribution", session.Configuration.Distribution, stop),
                Series = await questions.AskAsync(
                    parsed.GetValue(series), "--series", "Series", session.Configuration.Series ?? host?.Suite, stop),
                Architecture = await questions.AskAsync(
                    parsed.GetValue(architecture), "--architecture", "Architecture", host?.Architecture, stop),
                Mirror = await questions.AskAsync(
                    parsed.GetValue(mirror), "--mirror", "Where its packages are", host?.PublicMirror, stop),
            };
            await new FarmSetup(session.Records, session.Time).RunAsync(
                await session.ActorAsync(stop), plan, text => session.Output.WriteLine(Printable.Text(text)), stop);
            await AddChrootAsync(session, plan, host, parsed.GetValue(chroot), parsed.GetValue(cache)!, parsed.GetValue(work)!, stop);
            return FarmExitCode.Done;
        }, makesStore: true);
    }

    private static async Task<HostRelease?> DetectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await HostRelease.DetectAsync(cancellationToken);
        }
        catch (FarmException) // no Debian machine: then everything has to be said
        {
            return null;
        }
    }

    private static async Task AddChrootAsync(
        FarmSession session,
        FarmPlan plan,
        HostRelease? host,
        string? given,
        string cache,
        string work,
        CancellationToken cancellationToken)
    {
        var what = $"the chroot of {plan.Series} for {plan.Architecture}";
        if (await session.Store.Chroots.FindAsync(plan.Series, plan.Architecture, cancellationToken) is not null)
        {
            await session.Output.WriteLineAsync($"{what}: there already");
            return;
        }

        if (given == None)
        {
            await session.Output.WriteLineAsync($"{what}: none yet; 'chroots add {plan.Series} {plan.Architecture} FILE' adds one");
            return;
        }

        var path = given is not null ? Path.GetFullPath(given) : await MakeChrootAsync(session, plan, host, cache, work, cancellationToken);
        await ChrootsCommand.AddAsync(session, plan.Series, plan.Architecture, path, cancellationToken);
        await session.Output.WriteLineAsync($"{what}: added {FileName.Display(Path.GetFileName(path))}");
    }

    private static async Task<string> MakeChrootAsync(
        FarmSession session, FarmPlan plan, HostRelease? host, string cache, string work, CancellationToken cancellationToken)
    {
        if (host is null || (host.Suite, host.Architecture) != (plan.Series, plan.Architecture))
        {
            throw FarmException.Invalid(
                $"this machine is not {plan.Series} for {plan.Architecture}, so that no chroot of it can be made: name one with --chroot "
                    + $"FILE, or add it later with --chroot {None}. All else is made");
        }

        if (!CurrentUser.IsRoot)
        {
            throw new FarmException(
                $"making a chroot needs root: run the command as root, name a tarball with --chroot FILE, or add it later with --chroot "
                    + $"{None}. All else is made");
        }

        var tarball = new ChrootTarball(host, Path.GetFullPath(cache), session.Error);
        if (!File.Exists(tarball.Path))
        {
            await using var folder = await WorkFolder.CreateAsync(work, cancellationToken);
            await tarball.MakeAsync(folder.Path, cancellationToken);
        }

        return tarball.Path;
    }
}
