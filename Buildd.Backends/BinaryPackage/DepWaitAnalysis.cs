using Buildd.Backends.Steps;
using Buildd.Debian;
using Buildd.Debian.Architectures;
using Buildd.Debian.Packages;
using Buildd.Debian.Relations;
using Buildd.Linux.Processes;
using Buildd.Protocol.Messages;

namespace Buildd.Backends.BinaryPackage;

/// <summary>What became of a package that sbuild gave back.</summary>
/// <param name="Status">The status for the master.</param>
/// <param name="Reason">Why, for the build log.</param>
/// <param name="Dependencies">With DEPFAIL, the relations that are waited for.</param>
internal sealed record DepWaitVerdict(BuildStatus Status, string Reason, string Dependencies = "");

/// <summary>
/// Tells whether a package that sbuild gave back waits for dependencies or has failed: protocol section 12.1.
/// </summary>
/// <remarks>
/// Differs: the reference believes apt where apt names a package that is not there, and looks at the chroot's indexes only where apt
/// says that something is not going to be installed. Here the indexes always decide. apt calls packages not installable that
/// only conflict, names one of several that are missing, and words alternatives in a way of its own.
/// </remarks>
internal sealed class DepWaitAnalysis(ChrootRunner run, ArchitectureTable architectures, TimeProvider time)
{
    /// <summary>How long reading the chroot's indexes may take. Half a second is usual; a chroot that hangs fails the analysis.</summary>
    internal static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    /// <summary>
    /// 64 KiB of relations are answered; further ones are left out, which the log says. They stand in every status reply
    /// until the build is cleaned, and a package that waits for the first does not wait less.
    /// </summary>
    internal const int MaxDependenciesLength = 64 * 1024;

    /// <summary>Looks at a package after sbuild's exit code 3. Only the abort is thrown; what else goes wrong is a verdict too.</summary>
    /// <param name="log">What sbuild wrote.</param>
    /// <param name="dscPath">The package's <c>.dsc</c>.</param>
    /// <param name="architecture">What is built for.</param>
    /// <param name="archIndep">Whether architecture-independent packages are built too.</param>
    /// <param name="abort">Calls it off.</param>
    internal async Task<DepWaitVerdict> JudgeAsync(
        SbuildLogScan log, string dscPath, string architecture, bool archIndep, CancellationToken abort)
    {
        if (log.HasUnauthenticatedPackages)
            return new DepWaitVerdict(BuildStatus.GivenBack, "apt refused packages that nobody has signed for");
        if (!log.FailedToInstallDependencies)
            return new DepWaitVerdict(BuildStatus.PackageFail, "sbuild gave the package back, and not for its build dependencies");

        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, abort);
        try
        {
            var relations = await BuildDependenciesAsync(dscPath, architecture, archIndep, either.Token).ConfigureAwait(false);
            return await CompareAsync([.. relations, .. log.Named], either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!abort.IsCancellationRequested)
        {
            return Failed($"the chroot did not answer within {Deadline.TotalMinutes:0} minutes");
        }
        catch (Exception e) when (e is DebianException or IOException or UnauthorizedAccessException or ProcessException
            or PhaseFailedException)
        {
            return Failed(e.Message);
        }
    }

    private async Task<DepWaitVerdict> CompareAsync(IReadOnlyList<RelationGroup> relations, CancellationToken cancellationToken)
    {
        var matcher = new RelationMatcher(relations);
        if (await new ChrootPackageIndexes(run).ReadAsync(matcher, cancellationToken).ConfigureAwait(false) == 0)
        {
            // Differs: to the reference every package then looks missing, and the build waits for what is there.
            return new DepWaitVerdict(BuildStatus.ChrootFail, "apt in the chroot has no package lists, so nothing could be installed");
        }

        var missing = relations.Where(relation => !matcher.IsSatisfied(relation)).Select(relation => relation.ToString()).Distinct()
            .ToList();
        if (missing.Count == 0)
            return new DepWaitVerdict(
                BuildStatus.PackageFail,
                "every build dependency is in the chroot's package lists, and they could not be installed: there is nothing to wait for");

        var (count, length) = (0, -2);
        while (count < missing.Count && length + missing[count].Length + 2 <= MaxDependenciesLength)
            length += missing[count++].Length + 2;
        var dependencies = string.Join(", ", missing.Take(count));
        return new DepWaitVerdict(
            BuildStatus.DepFail,
            $"not in the chroot's package lists: {dependencies}" + (count < missing.Count ? $", and {missing.Count - count} more" : ""),
            dependencies);
    }

    /// <summary>What the build needs, without what counts only for other architectures or with a build profile.</summary>
    /// <remarks>
    /// Differs: an alternative that does not count is left out. To the reference it satisfies the whole relation, so that
    /// nothing is waited for where the other alternative is missing.
    /// </remarks>
    private async Task<IReadOnlyList<RelationGroup>> BuildDependenciesAsync(
        string dscPath, string architecture, bool archIndep, CancellationToken cancellationToken)
    {
        var dsc = await SourceControl.ReadFileAsync(dscPath, cancellationToken).ConfigureAwait(false);
        string[] fields =
            archIndep ? ["Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep"] : ["Build-Depends", "Build-Depends-Arch"];
        return [.. fields
            .SelectMany(field => RelationGroup.ParseList(dsc.Paragraph[field] ?? ""))
            .Select(group => new RelationGroup([.. group.Alternatives.Where(relation => relation.AppliesTo(architecture, architectures))]))
            .Where(group => group.Alternatives.Count > 0)];
    }

    private static DepWaitVerdict Failed(string why) => new(BuildStatus.PackageFail, $"Failed to analyse dep-wait: {why}");
}
