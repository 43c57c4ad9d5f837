using System.CommandLine;
using Buildd.Cli.Application;
using Buildd.Farm.Chroots;
using Buildd.Farm.Store;
using Buildd.Linux.Files;

namespace Buildd.Cli.Commands;

/// <summary><c>buildd-farm chroots</c>: what builds are built in.</summary>
internal static class ChrootsCommand
{
    internal static Command Create() =>
        new("chroots", "The chroots that builds are built in, one per series and architecture.") { List(), Add(), Remove() };

    /// <summary>Checks a chroot's tarball, and takes it in the place of an earlier one.</summary>
    /// <exception cref="FarmException">No build could be built in it, or a name can't be one.</exception>
    internal static async Task AddAsync(
        FarmSession session, string series, string archTag, string path, CancellationToken cancellationToken)
    {
        var (inSeries, tag) = (Checked(series), Checked(archTag));
        var name = FileName.Check(Path.GetFileName(path));
        using (var progress = new ProgressLine(session.Error, session.IsErrorTerminal, $"checking {name}", session.Time))
            await ChrootCheck.RunAsync(path, progress.Show, cancellationToken);
        var stored = await session.Inputs.AddAsync(path, expected: null, cancellationToken);
        await session.Store.Chroots.SetAsync(
            new ChrootRecord
            {
                Series = inSeries,
                ArchTag = tag,
                Name = name,
                Sha1 = stored.Sha1,
                Size = stored.Size,
                Added = session.Time.GetUtcNow(),
            },
            cancellationToken);
    }

    private static Command List()
    {
        var json = Listing.JsonOption();
        return new Command("list", "List the chroots.") { json }.WithSession(async (session, parsed, stop) =>
        {
            var chroots = await session.Store.Chroots.ListAsync(stop);
            if (parsed.GetValue(json))
            {
                Listing.WriteJson(session.Output, chroots, RecordJson.Write);
            }
            else
            {
                Listing.WriteTable(session.Output, ["SERIES", "ARCH", "ADDED", "BYTES", "SHA1", "NAME"], chroots.Select(
                    chroot => (IReadOnlyList<string>)
                    [
                        chroot.Series, chroot.ArchTag, Listing.Text(chroot.Added), Listing.Text(chroot.Size), chroot.Sha1.ToString(),
                        chroot.Name,
                    ]));
            }

            return FarmExitCode.Done;
        });
    }

    private static Command Add()
    {
        var (series, arch) = (SeriesArgument(), ArchArgument());
        var file = new Argument<string>("FILE") { Description = "The chroot's tarball; it is copied." };
        return new Command(
            "add",
            "Add a chroot, in the place of an earlier one. 'buildd-farm chroot' makes one of this machine's release. "
            + "A tarball in which no build could be built is refused.") { series, arch, file }.WithSession(async (session, parsed, stop) =>
        {
            await AddAsync(session, parsed.GetValue(series)!, parsed.GetValue(arch)!, Path.GetFullPath(parsed.GetValue(file)!), stop);
            return FarmExitCode.Done;
        }, makesStore: true);
    }

    private static Command Remove()
    {
        var (series, arch) = (SeriesArgument(), ArchArgument());
        return new Command("remove", "Remove a chroot: what waits for it goes on waiting until there is another.") { series, arch }
            .WithSession(async (session, parsed, stop) =>
            await session.Store.Chroots.RemoveAsync(parsed.GetValue(series)!, parsed.GetValue(arch)!, stop)
                ? FarmExitCode.Done
                : throw FarmException.NotFound($"there is no chroot of {parsed.GetValue(series)} for {parsed.GetValue(arch)}"));
    }

    private static Argument<string> SeriesArgument() => new("SERIES") { Description = "The series, such as bookworm." };

    private static Argument<string> ArchArgument() => new("ARCH") { Description = "The architecture, such as amd64." };

    private static string Checked(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '+')
        ? word
        : throw new FarmException(
            $"{FileName.Display(word)} is no series or architecture: letters, digits and - . + make one")
        { ExitCode = FarmExitCode.Usage };
}
